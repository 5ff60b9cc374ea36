#pragma once
// Lines of a log, counted from 1, out of bytes that arrive in blocks.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/byte_reader.h"

namespace shieldwall::detect {

/// A line is kept whole in memory while it is looked at, by every thread; real events stay far below a
/// megabyte.
inline constexpr std::size_t line_bytes_max = 100'000'000;

/// A line, without its end (LF or CR LF).
struct Line {
  std::string_view text;  // until the next call
  std::uint64_t number = 0;
  bool is_cut = false;  // longer than line_bytes_max: this is its beginning, the rest was passed over
};

class LineReader {
 public:
  /// `source` must outlive the reader.
  explicit LineReader(wire::ByteReader& source, std::size_t bytes_max = line_bytes_max)
      : source_(source), bytes_max_(bytes_max) {}

  /// The next line; false at the end. The last needs no LF. errors: as the source
  Result<bool> next(Line& line);

  /// Up to `size` of the bytes that next() would give, without taking them; fewer when the source ends.
  Result<std::string_view> peek(std::size_t size);

  /// Whole lines that wait, up to about `size` bytes of them, without taking them; line_padding bytes behind
  /// them are readable too. Empty when next() has to be asked: at the end, and for a line longer than that.
  Result<std::string_view> peek_lines(std::size_t size);
  static constexpr std::size_t line_padding = 64;
  /// Takes lines from the front of what peek_lines() gave, which stays where it is until the next
  /// peek_lines().
  void take_lines(std::size_t bytes, std::uint64_t lines) {
    begin_ += bytes;
    taken_ += bytes;
    lines_ += lines;
  }

  /// What waits, as it comes, for readers that need no lines; empty at the end. Not to be mixed with next().
  Result<std::string_view> take_block();

  std::uint64_t lines() const { return lines_; }
  std::uint64_t bytes() const { return taken_; }  // of the lines given so far, their ends included

 private:
  Done fill();
  Result<bool> pass_over();
  std::string_view waiting() const { return {buffer_.data() + begin_, end_ - begin_}; }

  wire::ByteReader& source_;
  std::size_t bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t lines_ = 0, taken_ = 0;
  bool ended_ = false;
  bool rest_waits_ = false;  // of a line that was cut
};

}  // namespace shieldwall::detect
