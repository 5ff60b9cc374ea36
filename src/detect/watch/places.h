#pragma once
// Where the logs of a watch are: the files that its paths mean at this moment.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shieldwall::detect {

struct LogCandidate {
  std::string path;
  bool is_rotated = false;  // not what the path names, but called as its former selves are
};

class Places {
 public:
  /// errors  invalid: a pattern over several folders
  static Result<Places> of(std::vector<std::string> paths);

  /// What is there now, each file once; a path that is a file and its siblings in their order.
  std::vector<LogCandidate> list() const;
  /// The paths that mean no file now.
  std::vector<std::string> without_files() const;
  /// The folders in which a change may mean another list; those below watched folders included.
  std::vector<std::string> folders() const;

 private:
  std::vector<std::string> paths_;
};

/// Could `name` be what a log called `base` was renamed, copied or packed to: "x.log" to "x.log.1",
/// "x.log-20240101.gz", "x-20240101.log"? A file's name, without its folder.
bool is_rotation_of(std::string_view name, std::string_view base);

}  // namespace shieldwall::detect
