#include "detect/sigma/load.h"

#include <algorithm>
#include <filesystem>

#include "base/fs.h"
#include "base/text.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect::sigma {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t placeholder_bytes_max = 16u << 20;
constexpr std::size_t rule_files_max = 200'000;

bool is_rule_file(const fs::path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

Result<std::vector<std::string>> rule_files(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (error || !fs::exists(status)) return fail(ErrorCode::not_found, "{}: nothing is there", path);
  if (!fs::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!is_rule_file(entry->path()) || !entry->is_regular_file(ignored)) continue;
    files.push_back(entry->path().string());
    if (files.size() > rule_files_max)
      return fail(ErrorCode::exhausted, "{}: holds more than {} rule files", path, rule_files_max);
  }
  if (error) return fail(ErrorCode::unavailable, "{}: cannot be listed: {}", path, error.message());
  std::ranges::sort(files);
  return files;
}

class Folder final : public Placeholders {
 public:
  explicit Folder(std::string folder) : folder_(std::move(folder)) {}

  std::optional<std::vector<std::string>> values(std::string_view name) const override {
    if (name.find_first_of("/\\") != name.npos || name.starts_with('.')) return {};
    const auto path = fmt::format("{}/{}.txt", folder_, name);
    const auto text = read_file(system_fs(), path, placeholder_bytes_max);
    if (!text) return {};
    std::vector<std::string> found;
    for (const auto line : split(*text, '\n'))
      if (const auto value = trimmed(line); !value.empty() && !value.starts_with('#'))
        found.emplace_back(value);
    return found;
  }

 private:
  std::string folder_;
};

std::size_t entries_of(const RuleFile& file) {
  return file.rules.size() + file.filters.size() + file.unusable.size();
}

/// Rules, or a line of `into` that says why there are none.
void read_file_of_rules(const std::string& path, const ReadOptions& options, RuleFile& into) {
  const auto text = read_file(system_fs(), path, yaml_bytes_max);
  if (!text) {
    into.unusable.push_back({.origin = path, .reason = text.error().message});
    return;
  }
  const auto before = entries_of(into);
  read_rules(*text, path, options, into);
  if (entries_of(into) == before) into.unusable.push_back({.origin = path, .reason = "holds no rule"});
}

}  // namespace

Result<RuleFile> load_rules(std::span<const std::string> paths, const ReadOptions& options) {
  RuleFile all;
  for (const auto& path : paths) {
    const auto files = TRY(rule_files(path));
    for (const auto& file : files) read_file_of_rules(file, options, all);
    if (files.empty()) all.unusable.push_back({.origin = path, .reason = "holds no *.yml or *.yaml"});
  }
  apply_filters(all);
  return all;
}

Result<std::unique_ptr<Placeholders>> placeholders_in(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return fail(ErrorCode::not_found, "{}: is not a folder", folder);
  return std::unique_ptr<Placeholders>(std::make_unique<Folder>(folder));
}

}  // namespace shieldwall::detect::sigma
