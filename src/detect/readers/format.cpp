#include <algorithm>
#include <set>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/csv_row.h"
#include "detect/readers/reader.h"

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
  }
  return "unknown";
}

Detected detect_format(std::string_view beginning) {
  if (beginning.starts_with("\xef\xbb\xbf")) beginning.remove_prefix(3);
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
  for (const char separator : {'\t', ',', ';', '|'})
    if (is_csv(first, second, separator)) return {.format = LogFormat::csv, .separator = separator};
  return {};
}

}  // namespace shieldwall::detect
