#pragma once
// Turns the lines of one log into records. Which format it is, is found out from its beginning.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "detect/readers/arena.h"
#include "detect/readers/line_reader.h"
#include "detect/record.h"

namespace shieldwall::detect {

/// `lines` are those of a kind of log whose line a field map describes; `json` is JSON over several lines.
enum class LogFormat : std::uint8_t { ndjson, zeek_tsv, csv, text, json, evtx, w3c, syslog, cef, lines };
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
std::unique_ptr<RecordParser> w3c_parser();
std::unique_ptr<RecordParser> cef_parser();  // and LEEF, with or without the head of syslog
std::unique_ptr<RecordParser> bare_cef_parser();
std::unique_ptr<RecordParser> syslog_parser();  // RFC 3164 and 5424, and what their messages hold
std::unique_ptr<RecordParser> lines_parser(const FieldMap& map);
/// Does a line of this kind of log look so? For finding out the format.
bool fits_lines(const FieldMap& map, std::string_view line);
bool has_syslog_head(std::string_view line);

/// The format that a log's first bytes (4 KiB and more, or all) show.
struct Detected {
  LogFormat format = LogFormat::text;
  char separator = ',';           // csv
  const FieldMap* map = nullptr;  // lines
};
Detected detect_format(std::string_view beginning);
/// errors: invalid: it is UTF-16, by its mark or its zeros, and no value in it would be found
Done refuse_utf16(std::string_view beginning);

/// Lines made into records in the format that was found out: what is common to reading a log and to following
/// one.
class LineRecords {
 public:
  /// Of `json` and `evtx`, which do not go by lines, the lines are running text.
  explicit LineRecords(const Detected& detected = {});

  /// Fills `record` from a line. False: there is nothing to look at in it. A line that the format cannot read
  /// is counted as broken and given as running text.
  bool take(const Line& line, Record& record);
  bool wants_more(std::string_view line) const { return parser_->wants_more(line); }
  /// Counts what is wrong with a line's bytes, whatever they say.
  void check_text(const Line& line);

  LogFormat format() const { return format_; }
  const FieldMap* map() const { return map_; }
  /// Will the map stay as it is?
  bool has_settled() const { return map_ != nullptr || map_tries_ == map_tries_max; }
  void find_map(const Record& record);
  /// The beginning of the log has shown this.
  void settle(const FieldMap* map) {
    map_ = map;
    map_tries_ = map_tries_max;
  }
  static constexpr int map_tries_max = 16;  // some logs begin with events about themselves

  ReadingCounts counts = {};
  std::vector<Problem> problems = {};

 private:
  void note(std::uint64_t line, std::string_view what);

  std::unique_ptr<RecordParser> parser_;
  LogFormat format_;
  const FieldMap* map_ = nullptr;
  int map_tries_ = 0;
  Timestamp opened_;
  Arena arena_;  // of what the map takes apart
};

class EventSource;
class LineSieve;
class SiftedLines;

class LogReader {
 public:
  /// `source` must outlive the reader. `path` is the file that it reads, if it is one, as it lies there: EVTX
  /// is not held in memory then.
  explicit LogReader(wire::ByteReader& source, std::string path = {});
  ~LogReader();

  /// From now on lines of JSON that `sieve` lets pass are counted and not given (detect/sieve.h). `stop`,
  /// when set, ends reading with an error. Both outlive the reader.
  void pass_over(LineSieve& sieve, const std::atomic<bool>* stop);

  /// So much of a log's beginning is looked at.
  static constexpr std::size_t beginning_bytes = 64u << 10;
  /// It was looked at already, and showed this.
  void begins_as(const Detected& detected) { detected_ = detected; }

  /// Reads on in a log of lines whose beginning another reader has read: nothing is found out anew.
  void go_on(LogFormat format, const FieldMap* map);

  /// The next record; false at the end. errors: as the source; what was read until then has been given
  Result<bool> next(Record& record);

  LogFormat format() const { return records_.format(); }
  /// Whether others may go_on behind what was read: nothing of it is needed any more to read the rest.
  bool can_be_cut() const;
  /// What its fields mean; null when the kind of log is not known. Known from the first records on.
  const FieldMap* map() const { return records_.map(); }
  const ReadingCounts& counts() const { return records_.counts; }
  const std::vector<Problem>& problems() const { return records_.problems; }

 private:
  Done begin();
  Done join_following(Line& line);
  Result<bool> next_event(Record& record);
  Result<bool> next_line(Line& line);

  LineReader lines_;
  std::string path_;
  bool begun_ = false;
  bool goes_on_ = false;
  std::optional<Detected> detected_;
  LineRecords records_;
  std::unique_ptr<EventSource> events_;  // of a format that does not go by lines
  std::unique_ptr<SiftedLines> sifted_;
  std::string joined_;
  Arena arena_;
};

}  // namespace shieldwall::detect
