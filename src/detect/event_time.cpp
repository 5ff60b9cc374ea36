#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "detect/readers/field_map.h"
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
constexpr std::size_t longest = 40;  // of a time as it is written

/// Seconds since 1970, or milliseconds, microseconds, nanoseconds where seconds would lie beyond the year
/// 5000.
std::optional<Timestamp> epoch(std::string_view text) {
  const auto number = as_number<double>(text);
  if (!number || !(*number > 0)) return std::nullopt;
  static constexpr double latest_s = 1e11;
  double us_per_unit = 1e6;
  while (*number * us_per_unit / 1e6 > latest_s && us_per_unit > 1e-3) us_per_unit /= 1000;
  if (*number * us_per_unit / 1e6 > latest_s) return std::nullopt;
  return Timestamp{std::llround(*number * us_per_unit)};
}

std::optional<Timestamp> written(std::string_view text) {
  if (text.size() < 19 || text.size() > longest || text[4] != '-') return std::nullopt;
  std::string with_colon(text);
  const auto sign = text.find_last_of("+-");
  if (sign > 18 && sign != text.npos && text.size() - sign == 5)
    with_colon.insert(sign + 3, ":");                                  // Suricata's +0000
  if (text.find_first_of("Zz+-", 19) == text.npos) with_colon += 'Z';  // no zone: UTC
  const auto at = parse_lenient_time(with_colon);
  return at ? std::optional(*at) : std::nullopt;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == text.npos;
}

/// 1 to 12, or 0.
int month_of(std::string_view name) {
  static constexpr std::string_view months = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (name.size() != 3) return 0;
  const auto at = months.find(to_lower_ascii(name));
  return at == months.npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

/// Where "hh:mm:ss" begins, or npos.
std::size_t clock_at(std::string_view text) {
  const auto fits = [&](std::size_t at) {
    for (std::size_t i = 0; i < 8; ++i)
      if (i % 3 == 2 ? text[at + i] != ':' : text[at + i] < '0' || text[at + i] > '9') return false;
    return at + 8 == text.size() || text[at + 8] != ':';
  };
  for (std::size_t at = 0; at + 8 <= text.size(); ++at)
    if (fits(at)) return at;
  return text.npos;
}

/// A time taken apart: "24-Mar-2018 17:15:20.5", "10/Oct/2000:13:55:36 -0700", "Sat Mar 24 17:15:20 2018".
struct Sorted {
  std::string_view day, month, year, clock, zone;
};

Sorted sorted_out(std::string_view text) {
  Sorted parts;
  const auto clock = clock_at(text);
  if (clock == text.npos) return parts;
  const auto clock_end = std::min(text.find(' ', clock), text.size());
  parts.clock = text.substr(clock, clock_end - clock);
  for (std::size_t at = 0; at < text.size();) {
    if (at == clock) at = clock_end;
    const auto end = std::min(text.find_first_of(at < clock ? " /-,:" : " ", at), text.size());
    const auto word = text.substr(at, end - at);
    if (month_of(word) > 0)
      parts.month = word;
    else if (is_number(word) && word.size() <= 2 && at < clock)
      parts.day = word;
    else if (is_number(word) && word.size() == 4)
      parts.year = word;
    else if (at > clock && !word.empty())
      parts.zone = word;
    at = end + 1;
  }
  return parts;
}

std::string zone_text(std::string_view zone) {
  if (zone.size() == 5 && (zone[0] == '+' || zone[0] == '-'))
    return fmt::format("{}:{}", zone.substr(0, 3), zone.substr(3));
  return "Z";  // also for names: which zone "CST" is, nobody can tell
}

/// Times that name their month: web servers', syslog's, BIND's, CEF's.
std::optional<Timestamp> with_month(std::string_view text, Timestamp read_at) {
  if (text.size() < 14 || text.size() > longest) return std::nullopt;
  const auto parts = sorted_out(text);
  const int month = month_of(parts.month);
  if (month == 0 || parts.day.empty() || parts.clock.size() < 8) return std::nullopt;
  const auto at_year = [&](std::string_view year) -> std::optional<Timestamp> {
    const auto at = parse_lenient_time(fmt::format("{}-{:02}-{}{}T{}{}",
                                                   year,
                                                   month,
                                                   parts.day.size() == 1 ? "0" : "",
                                                   parts.day,
                                                   parts.clock,
                                                   zone_text(parts.zone)));
    return at ? std::optional(*at) : std::nullopt;
  };
  if (!parts.year.empty()) return at_year(parts.year);
  if (read_at.us <= 0) return std::nullopt;
  const int year = std::stoi(to_text(read_at + days(1)).substr(0, 4));
  for (int back = 0; back < 8; ++back)  // 29 February comes every eight years at the latest
    if (const auto at = at_year(std::to_string(year - back)); at && *at <= read_at + days(1)) return at;
  return std::nullopt;
}

std::optional<Timestamp> at_beginning_of(std::string_view prose) {
  prose = trimmed(prose);
  if (prose.starts_with('[')) prose.remove_prefix(1);
  if (const auto whole = written(prose.substr(0, prose.find_first_of(" \t,;|]")))) return whole;
  if (prose.size() > 10 && prose[10] == ' ')  // "2024-01-15 12:30:45 ..."
    return written(prose.substr(0, std::min(prose.find_first_of(" \t,;|]", 11), prose.size())));
  return epoch(prose.substr(0, prose.find_first_of(" \t")));
}

std::string_view value_of(const Record& record, std::string_view name) {
  const auto found = std::ranges::find(record.fields, name, &Field::name);
  return found == record.fields.end() ? std::string_view{} : found->value;
}

/// By the fields that the map names; "date+time" joins two.
std::optional<Timestamp> by_map(const Record& record) {
  for (const std::string_view name : record.map->times) {
    const auto plus = name.find('+');
    if (plus == name.npos) {
      if (const auto at = read_time(value_of(record, name), record.read_at)) return at;
      continue;
    }
    const auto date = value_of(record, name.substr(0, plus)), time = value_of(record, name.substr(plus + 1));
    if (date.empty() || time.empty() || date.size() + time.size() > longest) continue;
    if (const auto at = read_time(fmt::format("{} {}", date, time), record.read_at)) return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Timestamp> read_time(std::string_view text, Timestamp read_at) {
  if (text.empty() || text.size() > longest) return std::nullopt;
  if (const auto at = written(text)) return at;
  if (const auto at = epoch(text)) return at;
  if (text.size() >= 19 && text[4] == '/' && text[7] == '/') {  // nginx's error log
    std::string dashed(text);
    dashed[4] = dashed[7] = '-';
    return written(dashed);
  }
  return with_month(text, read_at);
}

std::optional<Timestamp> event_time(const Record& record) {
  if (!record.time.empty())
    if (const auto at = read_time(record.time, record.read_at)) return at;
  if (record.is_prose)
    return record.fields.empty() ? std::nullopt : at_beginning_of(record.fields.front().value);
  if (record.map != nullptr)
    if (const auto at = by_map(record)) return at;
  for (const auto name : time_fields)
    for (const auto& field : record.fields) {
      if (field.name != name) continue;
      if (const auto at = written(field.value)) return at;
      if (const auto at = epoch(field.value)) return at;
    }
  return std::nullopt;
}

}  // namespace shieldwall::detect
