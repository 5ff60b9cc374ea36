#include "detect/readers/reader.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/text.h"
#include "detect/readers/as_prose.h"
#include "detect/readers/event_source.h"
#include "detect/readers/field_map.h"
#include "detect/readers/quote_index.h"
#include "detect/readers/utf8.h"
#include "detect/sifted_lines.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t joined_bytes_max = 1u << 20;  // a quote left open must not swallow the file,
constexpr int joined_lines_max = 256;               // nor its search for an end become quadratic

}  // namespace

void as_prose(std::string_view line, Record& record) {
  record.fields.clear();
  record.fields.push_back({.name = "", .value = line});
  record.is_prose = true;
  record.map = nullptr;
  record.time = {};
}

ReadingCounts& ReadingCounts::operator+=(const ReadingCounts& other) {
  lines += other.lines;
  bytes += other.bytes;
  broken_lines += other.broken_lines;
  cut_lines += other.cut_lines;
  not_utf8_lines += other.not_utf8_lines;
  nul_lines += other.nul_lines;
  return *this;
}

bool RecordParser::wants_more(std::string_view) const {
  return false;
}

LineRecords::LineRecords(const Detected& detected) : format_(detected.format), opened_(system_clock().now()) {
  switch (format_) {
    case LogFormat::ndjson:
      parser_ = ndjson_parser();
      break;
    case LogFormat::zeek_tsv:
      map_ = field_map("zeek-tsv");
      parser_ = zeek_tsv_parser();
      break;
    case LogFormat::csv:
      parser_ = csv_parser(detected.separator);
      break;
    case LogFormat::w3c:
      map_ = field_map("w3c");
      parser_ = w3c_parser();
      break;
    case LogFormat::cef:
      parser_ = cef_parser();
      break;
    case LogFormat::syslog:
      parser_ = syslog_parser();
      break;
    case LogFormat::lines:
      map_ = detected.map;
      parser_ = lines_parser(*map_);
      break;
    case LogFormat::evtx:
      map_ = field_map("evtx");
      [[fallthrough]];
    case LogFormat::json:
    case LogFormat::text:
      parser_ = text_parser();
      break;
  }
}

void LineRecords::note(std::uint64_t line, std::string_view what) {
  if (problems.size() < problems_kept) problems.push_back({line, std::string(what)});
}

void LineRecords::check_text(const Line& line) {
  const auto facts = byte_facts(line.text);
  if (facts.nul && counts.nul_lines++ == 0) note(line.number, "holds a NUL");
  if (facts.high && !is_utf8(line.text) && counts.not_utf8_lines++ == 0) note(line.number, "is not UTF-8");
  if (line.is_cut && counts.cut_lines++ == 0)
    note(line.number,
         fmt::format("is longer than {} bytes; only its beginning was looked through", line_bytes_max));
}

/// The first events settle what kind of log it is.
void LineRecords::find_map(const Record& record) {
  if (map_ != nullptr || record.is_prose || map_tries_ == map_tries_max) return;
  if (format_ != LogFormat::ndjson && format_ != LogFormat::json && format_ != LogFormat::csv) return;
  ++map_tries_;
  map_ = map_of(format_ == LogFormat::csv ? MapFormat::csv : MapFormat::json, record);
}

bool LineRecords::take(const Line& line, Record& record) {
  record.line = line.number;
  record.fields.clear();
  record.is_prose = false;
  record.map = map_;  // a parser may know better
  record.time = {};
  record.read_at = opened_;
  const auto parsed = parser_->parse(line.text, record);
  if (!parsed) {
    ++counts.broken_lines;
    note(line.number, parsed.error().message);
    as_prose(line.text, record);
    return true;
  }
  if (!*parsed) return false;
  if (record.map == nullptr) {
    find_map(record);
    record.map = map_;
  }
  if (record.map != nullptr && !record.is_prose) {
    arena_.clear();
    apply_map(record, arena_);
  }
  return true;
}

LogReader::LogReader(wire::ByteReader& source, std::string path) : lines_(source), path_(std::move(path)) {}
LogReader::~LogReader() = default;

Done LogReader::begin() {
  begun_ = true;
  if (!detected_) {
    const auto beginning = TRY(lines_.peek(beginning_bytes));
    TRY(refuse_utf16(beginning));
    detected_ = detect_format(beginning);
  }
  records_ = LineRecords(*detected_);
  if (format() == LogFormat::json) events_ = json_source(lines_);
  if (format() == LogFormat::evtx) events_ = TRY(evtx_source(lines_, path_));
  return {};
}

/// Adds the lines that a quoted field runs over.
Done LogReader::join_following(Line& line) {
  joined_.assign(line.text);
  Line following;
  for (int joined = 0;
       joined < joined_lines_max && joined_.size() < joined_bytes_max && TRY(lines_.next(following));
       ++joined) {
    records_.check_text(following);
    joined_ += '\n';
    joined_ += following.text;
    if (!records_.wants_more(joined_)) break;
  }
  line.text = joined_;
  return {};
}

Result<bool> LogReader::next_event(Record& record) {
  record.map = nullptr;
  record.time = {};
  const auto more = events_->next(record, records_.counts, records_.problems);
  if (!more || !*more) return more;
  records_.find_map(record);
  record.map = map();
  arena_.clear();
  if (record.map != nullptr) apply_map(record, arena_);
  return true;
}

void LogReader::pass_over(LineSieve& sieve, const std::atomic<bool>* stop) {
  sifted_ = std::make_unique<SiftedLines>(sieve, stop);
}

void LogReader::go_on(LogFormat format, const FieldMap* map) {
  records_ = LineRecords({.format = format});
  records_.settle(map);
  begun_ = goes_on_ = true;
}

bool LogReader::can_be_cut() const {
  return begun_ && (format() == LogFormat::text || (format() == LogFormat::ndjson && records_.has_settled()));
}

Result<bool> LogReader::next_line(Line& line) {
  if (!sifted_ || format() != LogFormat::ndjson || !records_.has_settled()) return lines_.next(line);
  return sifted_->next(lines_, map(), line);
}

Result<bool> LogReader::next(Record& record) {
  if (!begun_) TRY(begin());
  if (events_) return next_event(record);
  bool given = false;
  for (Line line; !given && TRY(next_line(line));) {
    if (line.number == 1 && !goes_on_) line.text = without_mark(line.text);
    records_.check_text(line);
    if (records_.wants_more(line.text)) TRY(join_following(line));
    given = records_.take(line, record);
  }
  records_.counts.lines = lines_.lines();
  records_.counts.bytes = lines_.bytes();
  return given;
}

}  // namespace shieldwall::detect
