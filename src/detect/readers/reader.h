#pragma once
// Turns the lines of one log into records. Which format it is, is found out from its beginning.

#include <memory>
#include <string>

#include "detect/readers/line_reader.h"
#include "detect/record.h"

namespace shieldwall::detect {

enum class LogFormat : std::uint8_t { ndjson, zeek_tsv, csv, text };
std::string_view name_of(LogFormat format);

/// What was not as it should be, counted; nothing is passed over in silence. A line that its format cannot
/// read is still looked through as running text.
struct ReadingCounts {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;  // unpacked
  std::uint64_t broken_lines = 0;
  std::uint64_t cut_lines = 0;  // longer than line_bytes_max: only their beginning was looked through
  std::uint64_t not_utf8_lines = 0;
  std::uint64_t nul_lines = 0;

  ReadingCounts& operator+=(const ReadingCounts& other);
};

/// The first few things that were wrong, for people.
struct Problem {
  std::uint64_t line = 0;
  std::string what;
};
inline constexpr std::size_t problems_kept = 5;

/// One line or record that the format could read, or a reason why not.
class RecordParser {
 public:
  virtual ~RecordParser() = default;
  /// Fills `record.fields` from a line (`record.line` is set). False: there is nothing to look at in it (a
  /// header, a comment).
  ///   errors  invalid: the line is broken; says why
  virtual Result<bool> parse(std::string_view line, Record& record) = 0;
  /// True when the record goes on in the next line (a quoted line end); the caller joins them.
  virtual bool wants_more(std::string_view line) const;
};

std::unique_ptr<RecordParser> ndjson_parser();
std::unique_ptr<RecordParser> full_ndjson_parser();  // the same without its quick way through plain lines
std::unique_ptr<RecordParser> zeek_tsv_parser();
std::unique_ptr<RecordParser> csv_parser(char separator);
std::unique_ptr<RecordParser> text_parser();

/// The format that a log's first bytes (4 KiB and more, or all) show.
struct Detected {
  LogFormat format = LogFormat::text;
  char separator = ',';  // csv
};
Detected detect_format(std::string_view beginning);

class LogReader {
 public:
  /// `source` must outlive the reader.
  explicit LogReader(wire::ByteReader& source) : lines_(source) {}

  /// The next record; false at the end. errors: as the source; what was read until then has been given
  Result<bool> next(Record& record);

  LogFormat format() const { return format_; }
  const ReadingCounts& counts() const { return counts_; }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  Done begin();
  Done join_following(Line& line);
  void note(std::uint64_t line, std::string_view what);
  void check_text(const Line& line);

  LineReader lines_;
  std::unique_ptr<RecordParser> parser_;
  LogFormat format_ = LogFormat::text;
  std::string joined_;
  ReadingCounts counts_;
  std::vector<Problem> problems_;
};

}  // namespace shieldwall::detect
