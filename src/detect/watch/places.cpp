#include "detect/watch/places.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fnmatch.h>

namespace shieldwall::detect {

namespace {

namespace fs = std::filesystem;

bool is_pattern(const std::string& path) {
  return path.find_first_of("*?[") != path.npos;
}

std::string folder_of(const std::string& path) {
  const auto parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string name_in(const std::string& path) {
  return fs::path(path).filename().string();
}

/// The names of regular files in a folder, sorted; empty when it cannot be listed.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error))
    if (at->is_regular_file(ignored)) names.push_back(at->path().filename().string());
  std::ranges::sort(names);
  return names;
}

void add_folders(const std::string& folder, std::vector<std::string>& found) {
  static constexpr std::size_t folders_max = 10'000;
  found.push_back(folder);
  std::error_code error, ignored;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error))
    if (at->is_directory(ignored) && !at->is_symlink(ignored) && found.size() < folders_max)
      add_folders(at->path().string(), found);
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder == "." ? name : (fs::path(folder) / name).string();
}

}  // namespace

bool is_rotation_of(std::string_view name, std::string_view base) {
  const auto is_mark = [](char c) { return c == '.' || c == '-' || c == '_'; };
  if (name == base) return false;
  if (name.size() > base.size() && name.starts_with(base)) return is_mark(name[base.size()]);
  const auto dot = base.rfind('.');
  if (dot == base.npos || dot == 0) return false;
  const auto stem = base.substr(0, dot);
  return name.size() > stem.size() && name.starts_with(stem) && is_mark(name[stem.size()]) &&
         name.find(base.substr(dot), stem.size() + 1) != name.npos;
}

Result<Places> Places::of(std::vector<std::string> paths) {
  for (const auto& path : paths)
    if (is_pattern(folder_of(path)) && !fs::exists(path))
      return fail(ErrorCode::invalid, "{}: a pattern may stand in the last part of a path alone", path);
  Places places;
  places.paths_ = std::move(paths);
  return places;
}

namespace {

/// What one path means now: files it names, and those called as their former selves are.
std::vector<LogCandidate> candidates_at(const std::string& path) {
  std::vector<LogCandidate> all;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    std::vector<std::string> folders;
    add_folders(path, folders);
    for (const auto& folder : folders)
      for (const auto& name : files_in(folder)) all.push_back({joined(folder, name)});
    return all;
  }
  const auto folder = folder_of(path), base = name_in(path);
  const bool pattern = is_pattern(base) && !fs::exists(path, ignored);
  for (const auto& name : files_in(folder)) {
    if (pattern ? ::fnmatch(base.c_str(), name.c_str(), 0) == 0 : name == base)
      all.push_back({joined(folder, name)});
    else if (!pattern && is_rotation_of(name, base))
      all.push_back({joined(folder, name), true});
  }
  return all;
}

}  // namespace

std::vector<LogCandidate> Places::list() const {
  std::vector<LogCandidate> all;
  std::set<std::string> seen;
  for (const auto& path : paths_)
    for (auto& one : candidates_at(path))
      if (seen.insert(one.path).second) all.push_back(std::move(one));
  return all;
}

std::vector<std::string> Places::without_files() const {
  std::vector<std::string> without;
  for (const auto& path : paths_)
    if (std::ranges::all_of(candidates_at(path), &LogCandidate::is_rotated)) without.push_back(path);
  return without;
}

std::vector<std::string> Places::folders() const {
  std::vector<std::string> all;
  std::error_code ignored;
  for (const auto& path : paths_) {
    if (fs::is_directory(path, ignored))
      add_folders(path, all);
    else
      all.push_back(folder_of(path));
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

}  // namespace shieldwall::detect
