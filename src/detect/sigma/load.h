#pragma once
// Rules from files and folders.

#include <memory>
#include <span>
#include <string>

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

/// Reads the rules of files, and of every *.yml and *.yaml below folders, sorted by path, and applies the
/// filters among them. What cannot be used is listed in the result, a file that does not open included.
///   errors  not_found: a path does not exist
Result<RuleFile> load_rules(std::span<const std::string> paths, const ReadOptions& options);

/// The values of placeholders in `folder`: NAME.txt, one value a line, lines that begin with # are comments.
///   errors  not_found: no such folder
Result<std::unique_ptr<Placeholders>> placeholders_in(const std::string& folder);

}  // namespace shieldwall::detect::sigma
