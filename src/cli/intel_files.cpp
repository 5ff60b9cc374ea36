#include "cli/intel_files.h"

#include <sys/stat.h>

namespace shieldwall::cli {

IntelFiles::IntelFiles(std::vector<std::string> paths) : paths_(std::move(paths)), seen_(stand()) {
  for (const auto& path : paths_) {
    struct stat now{};
    are_files_ = are_files_ && ::stat(path.c_str(), &now) == 0 && S_ISREG(now.st_mode);
  }
}

bool IntelFiles::changed() {
  if (!are_files_) return false;
  auto now = stand();
  if (now == seen_) return false;
  seen_ = std::move(now);
  return true;
}

std::vector<IntelFiles::Stand> IntelFiles::stand() const {
  std::vector<Stand> all;
  for (const auto& path : paths_) {
    struct stat now{};
    if (::stat(path.c_str(), &now) != 0) now = {};
    const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
    all.push_back({number(now.st_dev),
                   number(now.st_ino),
                   number(now.st_size),
                   number(now.st_mtim.tv_sec),
                   number(now.st_mtim.tv_nsec)});
  }
  return all;
}

}  // namespace shieldwall::cli
