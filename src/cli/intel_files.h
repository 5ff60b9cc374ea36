#pragma once
// The files that --intel names, looked at again while a command runs on.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace shieldwall::cli {

class IntelFiles {
 public:
  /// As they stand now.
  explicit IntelFiles(std::vector<std::string> paths);

  /// True when one of them was written, replaced, made or removed since it was called last. Never, where one
  /// is no file: what came by a pipe cannot be read a second time.
  bool changed();

 private:
  using Stand = std::array<std::uint64_t, 5>;  // device, inode, size, time of writing: s, ns; zeros: away
  std::vector<Stand> stand() const;

  std::vector<std::string> paths_;
  std::vector<Stand> seen_;
  bool are_files_ = true;
};

}  // namespace shieldwall::cli
