#include "detect/readers/reader.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "detect/readers/quote_index.h"
#include "detect/readers/utf8.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t sniffed_bytes = 64u << 10;
constexpr std::size_t joined_bytes_max = 1u << 20;  // a quote left open must not swallow the file,
constexpr int joined_lines_max = 256;               // nor its search for an end become quadratic

void as_prose(std::string_view line, Record& record) {
  record.fields.clear();
  record.fields.push_back({.name = "", .value = line});
  record.is_prose = true;
}

}  // namespace

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

Done LogReader::begin() {
  const auto beginning = TRY(lines_.peek(sniffed_bytes));
  const auto detected = detect_format(beginning);
  format_ = detected.format;
  switch (format_) {
    case LogFormat::ndjson:
      parser_ = ndjson_parser();
      break;
    case LogFormat::zeek_tsv:
      parser_ = zeek_tsv_parser();
      break;
    case LogFormat::csv:
      parser_ = csv_parser(detected.separator);
      break;
    case LogFormat::text:
      parser_ = text_parser();
      break;
  }
  return {};
}

void LogReader::note(std::uint64_t line, std::string_view what) {
  if (problems_.size() < problems_kept) problems_.push_back({line, std::string(what)});
}

void LogReader::check_text(const Line& line) {
  const auto facts = byte_facts(line.text);
  if (facts.nul && counts_.nul_lines++ == 0) note(line.number, "holds a NUL");
  if (facts.high && !is_utf8(line.text) && counts_.not_utf8_lines++ == 0) note(line.number, "is not UTF-8");
  if (line.is_cut && counts_.cut_lines++ == 0)
    note(line.number,
         fmt::format("is longer than {} bytes; only its beginning was looked through", line_bytes_max));
}

/// Adds the lines that a quoted field runs over.
Done LogReader::join_following(Line& line) {
  joined_.assign(line.text);
  Line following;
  for (int joined = 0;
       joined < joined_lines_max && joined_.size() < joined_bytes_max && TRY(lines_.next(following));
       ++joined) {
    check_text(following);
    joined_ += '\n';
    joined_ += following.text;
    if (!parser_->wants_more(joined_)) break;
  }
  line.text = joined_;
  return {};
}

Result<bool> LogReader::next(Record& record) {
  if (!parser_) TRY(begin());
  for (Line line; TRY(lines_.next(line));) {
    if (line.number == 1 && line.text.starts_with("\xef\xbb\xbf"))
      line.text.remove_prefix(3);  // byte order mark
    check_text(line);
    if (parser_->wants_more(line.text)) TRY(join_following(line));
    counts_.lines = lines_.lines();
    counts_.bytes = lines_.bytes();
    record.line = line.number;
    record.fields.clear();
    record.is_prose = false;
    const auto parsed = parser_->parse(line.text, record);
    if (!parsed) {
      ++counts_.broken_lines;
      note(line.number, parsed.error().message);
      as_prose(line.text, record);
      return true;
    }
    if (*parsed) return true;
  }
  counts_.lines = lines_.lines();
  counts_.bytes = lines_.bytes();
  return false;
}

}  // namespace shieldwall::detect
