#pragma once
// Where tests and benchmarks find SigmaHQ's rules, which are not part of the project.

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <unistd.h>

namespace shieldwall::detect::sigma {

/// The folder beside the checkout with the public data; nothing where it is absent.
inline std::optional<std::string> sigma_data() {
  std::string folder = SHIELDWALL_SOURCE_DIR "/../shared/data/sigma";
  if (!std::filesystem::is_directory(folder)) return {};
  return folder;
}

/// The rules unpacked into a folder that goes away with the process; nothing where they are absent.
inline std::optional<std::string> unpacked_sigma_rules() {
  struct Folder {
    std::string path;
    ~Folder() {
      std::error_code ignored;
      if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }
  };
  static Folder folder;
  const auto data = sigma_data();
  if (!data || !std::filesystem::exists(*data + "/rules.tar.gz")) return {};
  if (!folder.path.empty()) return folder.path;
  std::string made = (std::filesystem::temp_directory_path() / "sigma-rules-XXXXXX").string();
  if (::mkdtemp(made.data()) == nullptr) return {};
  folder.path = made;
  const auto command = "tar -xzf '" + *data + "/rules.tar.gz' -C '" + made + "'";
  if (std::system(command.c_str()) != 0) return {};
  return folder.path;
}

}  // namespace shieldwall::detect::sigma
