#include <charconv>
#include <cmath>

#include "base/text.h"
#include "detect/record.h"

namespace shieldwall::detect {

namespace {

constexpr std::string_view time_fields[] = {"ts",
                                            "timestamp",
                                            "@timestamp",
                                            "time",
                                            "_time",
                                            "eventTime",
                                            "event.created",
                                            "event_time",
                                            "datetime",
                                            "date"};

/// Seconds since 1970, or milliseconds, microseconds, nanoseconds where seconds would lie beyond the year
/// 5000.
std::optional<Timestamp> epoch(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number > 0)) return std::nullopt;
  static constexpr double latest_s = 1e11;
  double us_per_unit = 1e6;
  while (number * us_per_unit / 1e6 > latest_s && us_per_unit > 1e-3) us_per_unit /= 1000;
  if (number * us_per_unit / 1e6 > latest_s) return std::nullopt;
  return Timestamp{std::llround(number * us_per_unit)};
}

std::optional<Timestamp> written(std::string_view text) {
  static constexpr std::size_t longest = 40;
  if (text.size() < 19 || text.size() > longest || text[4] != '-') return std::nullopt;
  std::string with_colon(text);
  const auto sign = text.find_last_of("+-");
  if (sign > 18 && sign != text.npos && text.size() - sign == 5)
    with_colon.insert(sign + 3, ":");                                  // Suricata's +0000
  if (text.find_first_of("Zz+-", 19) == text.npos) with_colon += 'Z';  // no zone: UTC
  const auto at = parse_lenient_time(with_colon);
  return at ? std::optional(*at) : std::nullopt;
}

std::optional<Timestamp> at_beginning_of(std::string_view prose) {
  prose = trimmed(prose);
  if (prose.starts_with('[')) prose.remove_prefix(1);
  if (const auto whole = written(prose.substr(0, prose.find_first_of(" \t,;|]")))) return whole;
  if (prose.size() > 10 && prose[10] == ' ')  // "2024-01-15 12:30:45 ..."
    return written(prose.substr(0, std::min(prose.find_first_of(" \t,;|]", 11), prose.size())));
  return epoch(prose.substr(0, prose.find_first_of(" \t")));
}

}  // namespace

std::optional<Timestamp> event_time(const Record& record) {
  if (record.is_prose)
    return record.fields.empty() ? std::nullopt : at_beginning_of(record.fields.front().value);
  for (const auto name : time_fields)
    for (const auto& field : record.fields) {
      if (field.name != name) continue;
      if (const auto at = written(field.value)) return at;
      if (const auto at = epoch(field.value)) return at;
    }
  return std::nullopt;
}

}  // namespace shieldwall::detect
