#pragma once
// A pull without a node: objects one a line at the end of a file, and the place in another.

#include <span>
#include <string>

#include "base/fs.h"
#include "exchange/taxii/pull.h"

namespace shieldwall::cli {

class PulledFile {
 public:
  /// `state` may be empty: then nothing is kept and every pull begins at the beginning.
  PulledFile(Fs& fs, std::string out, std::string state)
      : fs_(fs), out_(std::move(out)), state_(std::move(state)) {}

  /// Where the last pull ended. errors: invalid: the file is none of ours
  Result<exchange::taxii::PullPlace> place() const;

  /// Objects first, durably, then the place: after a crash between the two they come again.
  Done take(std::span<const std::string> objects, const exchange::taxii::PullPlace& place);

 private:
  Fs& fs_;
  std::string out_;  // "-": standard output
  std::string state_;
};

}  // namespace shieldwall::cli
