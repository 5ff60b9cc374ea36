#pragma once
// Events from JSON in any layout: one a line, one after the other over many lines, or in one array.

#include <memory>
#include <string>

#include "detect/readers/reader.h"
#include "detect/record.h"
#include "detect/sigma/windows_names.h"
#include "wire/byte_reader.h"

namespace shieldwall::detect::sigma {

inline constexpr std::size_t event_bytes_max = 16u << 20;  // Windows keeps events under 64 KiB

class JsonEvents {
 public:
  /// `source` must outlive the reader.
  explicit JsonEvents(wire::ByteReader& source);

  /// The next event, fields dotted and those of Windows renamed (windows_names.h); `line` is where it begins.
  /// What is no JSON is counted and left out; views hold until the next call. False at the end.
  ///   errors  as the source
  Result<bool> next(Record& event);

  std::uint64_t events() const { return events_; }
  std::uint64_t broken() const { return broken_; }
  /// What was wrong with the first broken one, and where; empty when none was.
  const std::string& first_problem() const { return first_problem_; }

 private:
  struct Piece {
    std::uint64_t line = 0;
    std::size_t begin = 0, end = 0;  // in buffer_
    bool too_long = false;
  };
  Result<bool> fill();
  Result<bool> next_piece(Piece& piece);
  bool skip_separators();
  Done find_end(Piece& piece);
  Done find_line_end(Piece& piece);
  void join_lines(const Piece& piece);
  Result<bool> skip_rest_of_line(Piece& piece);
  void note(std::uint64_t line, std::string_view what);

  wire::ByteReader& source_;
  std::unique_ptr<RecordParser> parser_;
  WindowsNames names_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
  bool ended_ = false;
  bool by_line_ = false;  // the first event ended with its line: from then on a broken line ends with itself
  bool first_ = true;
  std::uint64_t events_ = 0, broken_ = 0;
  std::string first_problem_;
};

}  // namespace shieldwall::detect::sigma
