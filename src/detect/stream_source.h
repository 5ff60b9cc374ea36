#pragma once
// Standard input or a pipe, in pieces of whole lines, told no later than its writer pauses.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "detect/files.h"

namespace shieldwall::detect {

/// For one thread at a time.
class StreamSource {
 public:
  /// `read_bytes` counts what was read, `stop`, when set, ends a wait with an error. Both outlive this.
  StreamSource(std::string path, std::atomic<std::uint64_t>& read_bytes, const std::atomic<bool>* stop)
      : path_(std::move(path)), read_bytes_(read_bytes), stop_(stop) {}

  Done open();

  /// What a format is told by: as much as is there, up to `size`, and a line at least. next() gives it again.
  std::string_view beginning(std::size_t size);

  /// The next piece, of about piece_bytes, less when nothing more comes for a moment. It ends with a line,
  /// but a part of a longer line and the last of the stream. Empty at the end.
  ///   errors  as the stream; unavailable: told to stop. What was read until then has been given
  Result<std::string> next();

  static constexpr std::size_t piece_bytes = 1u << 20;  // some milliseconds of work

 private:
  struct Patience {
    std::chrono::milliseconds pause;  // of the writer
    std::chrono::milliseconds whole;  // since the first look
  };
  /// Reads on until `waiting_` has `size` bytes, or has a line and patience ends, or the stream ends.
  Done gather(std::size_t size, Patience patience);
  Done read_until(std::size_t size, Patience patience);
  Done read_more();
  bool comes_within(std::chrono::milliseconds most) const;
  bool has_line() const { return line_end_ != std::string::npos; }

  std::string path_;
  std::atomic<std::uint64_t>& read_bytes_;
  const std::atomic<bool>* stop_;
  OpenedStream stream_;
  bool was_read_ = false;  // before that the first bytes wait, which told how it is packed
  bool ended_ = false;
  std::optional<Error> failed_;  // it is not asked again
  std::string waiting_;
  std::size_t line_end_ = std::string::npos;  // the last in `waiting_`
};

}  // namespace shieldwall::detect
