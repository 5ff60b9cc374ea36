#include <algorithm>
#include <set>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/csv_row.h"
#include "detect/readers/field_map.h"
#include "detect/readers/reader.h"
#include "detect/sigma/evtx.h"
#include "detect/sigma/json_events.h"

namespace shieldwall::detect {

namespace {

std::string_view without_cr(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// A column's name: words, not a value.
bool is_column_name(std::string_view text) {
  const auto name = trimmed(text);
  const bool letter = !name.empty() && ((name[0] | 0x20) >= 'a' || name[0] == '_' || name[0] == '@') &&
                      (name[0] | 0x20) <= 'z';
  return letter && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                  std::string_view("_-. /:()#@").find(c) != std::string_view::npos;
         });
}

/// A header of two columns or more, all different, and a second line (if any) with as many fields.
bool is_csv(std::string_view first, std::optional<std::string_view> second, char separator) {
  Arena arena;
  std::vector<std::string_view> header, row;
  if (!split_csv_row(first, separator, arena, header) || header.size() < 2) return false;
  if (!std::ranges::all_of(header, is_column_name)) return false;
  if (std::set(header.begin(), header.end()).size() != header.size()) return false;
  if (!second || second->empty() || has_open_quote(*second, separator)) return true;
  return split_csv_row(*second, separator, arena, row) && row.size() == header.size();
}

bool is_w3c(std::string_view beginning) {
  for (const std::string_view directive : {"#Software:", "#Version:", "#Fields:", "#Date:", "#Start-Date:"})
    if (beginning.starts_with(directive)) return true;
  return false;
}

/// Does the first of the events end within the beginning?
bool is_json_in_any_layout(std::string_view beginning) {
  const auto begin = beginning.find_first_not_of(" \t\r\n");
  if (begin == beginning.npos || (beginning[begin] != '{' && beginning[begin] != '[')) return false;
  wire::MemoryReader source(beginning);
  sigma::JsonEvents events(source);
  Record record;
  const auto more = events.next(record);
  return more && *more && events.broken() == 0 && !record.fields.empty();
}

bool has_cef_head(std::string_view line) {
  for (const std::string_view mark : {"CEF:0|", "CEF:1|", "LEEF:1.0|", "LEEF:2.0|"}) {
    const auto at = line.find(mark);
    if (at == 0 || (at != line.npos && at < 200 && has_syslog_head(line))) return true;
  }
  return false;
}

/// The first lines, whole ones, and none that is empty.
std::vector<std::string_view> sample_of(std::string_view beginning) {
  static constexpr std::size_t lines_max = 20;
  std::vector<std::string_view> lines;
  while (!beginning.empty() && lines.size() < lines_max) {
    const auto end = beginning.find('\n');
    if (end == beginning.npos && !lines.empty()) break;
    const auto line = without_cr(beginning.substr(0, end));
    if (!trimmed(line).empty()) lines.push_back(line);
    beginning.remove_prefix(std::min(end == beginning.npos ? end : end + 1, beginning.size()));
  }
  return lines;
}

/// What most of the lines look like; of kinds whose other lines are running text, one is enough.
Detected by_lines(std::string_view beginning) {
  const auto lines = sample_of(beginning);
  const auto count = [&](auto&& fits) {
    return static_cast<std::size_t>(std::ranges::count_if(lines, fits));
  };
  if (lines.empty()) return {};
  if (count(has_cef_head) * 2 > lines.size()) return {.format = LogFormat::cef};
  if (count(has_syslog_head) * 2 > lines.size()) return {.format = LogFormat::syslog};
  for (const auto& map : field_maps()) {
    if (map.format != MapFormat::lines) continue;
    const auto fitting = count([&](std::string_view line) { return fits_lines(map, line); });
    if (fitting * 2 > lines.size() || (fitting > 0 && map.otherwise_text))
      return {.format = LogFormat::lines, .map = &map};
  }
  return {};
}

bool is_object_line(std::string_view line) {
  Record record;
  return trimmed(line).starts_with('{') && ndjson_parser()->parse(line, record).has_value();
}

}  // namespace

std::string_view name_of(LogFormat format) {
  switch (format) {
    case LogFormat::ndjson:
      return "NDJSON";
    case LogFormat::zeek_tsv:
      return "Zeek TSV";
    case LogFormat::csv:
      return "CSV";
    case LogFormat::text:
      return "text";
    case LogFormat::json:
      return "JSON";
    case LogFormat::evtx:
      return "EVTX";
    case LogFormat::w3c:
      return "W3C extended log";
    case LogFormat::syslog:
      return "syslog";
    case LogFormat::cef:
      return "CEF or LEEF";
    case LogFormat::lines:
      return "lines of a known kind";
  }
  return "unknown";
}

Done refuse_utf16(std::string_view beginning) {
  static constexpr std::size_t looked_at_max = 64, telling = 8;  // bytes
  const auto looked_at = beginning.substr(0, looked_at_max);
  std::size_t zeros[2] = {};  // at even and odd places
  for (std::size_t i = 0; i < looked_at.size(); ++i)
    if (looked_at[i] == '\0') ++zeros[i % 2];
  const bool every_other = looked_at.size() >= telling && std::min(zeros[0], zeros[1]) == 0 &&
                           std::max(zeros[0], zeros[1]) >= looked_at.size() / 2;
  if (!has_utf16_mark(beginning) && !every_other) return {};
  return fail(ErrorCode::invalid,
              "the text is UTF-16, so nothing was looked for in it; convert it to UTF-8 first, as with iconv "
              "-f UTF-16 -t UTF-8");
}

Detected detect_format(std::string_view beginning) {
  beginning = without_mark(beginning);
  if (beginning.starts_with(sigma::evtx_magic)) return {.format = LogFormat::evtx};
  if (is_w3c(beginning)) return {.format = LogFormat::w3c};
  if (beginning.starts_with("#separator ") || beginning.starts_with("#fields\t"))
    return {.format = LogFormat::zeek_tsv};
  const auto first_end = beginning.find('\n');
  const auto first = without_cr(beginning.substr(0, first_end));
  std::optional<std::string_view> second;
  if (first_end != beginning.npos) {
    const auto rest = beginning.substr(first_end + 1);
    const auto second_end = rest.find('\n');
    // A line that the beginning cuts off says nothing about its number of fields.
    if (second_end != rest.npos || beginning.size() < 4096) second = without_cr(rest.substr(0, second_end));
  }
  // A first line that is broken, or longer than what was looked at, must not hide the objects behind it.
  const bool cut = first_end == beginning.npos && first.starts_with('{');
  if (cut || is_object_line(first) || (second && is_object_line(*second)))
    return {.format = LogFormat::ndjson};
  if (is_json_in_any_layout(beginning)) return {.format = LogFormat::json};
  for (const char separator : {'\t', ',', ';', '|'})
    if (is_csv(first, second, separator)) return {.format = LogFormat::csv, .separator = separator};
  return by_lines(beginning);
}

}  // namespace shieldwall::detect
