#include "detect/sigma/number.h"

#include <charconv>
#include <chrono>

#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

using namespace std::chrono;

/// ISO 8601: the week that holds the year's first Thursday is its first.
long double iso_week(sys_days day) {
  const auto weekday_number = weekday(day).iso_encoding();
  const sys_days thursday = day + std::chrono::days(4 - static_cast<int>(weekday_number));
  const year_month_day date(thursday);
  const sys_days first = sys_days(date.year() / January / 1);
  return static_cast<long double>((thursday - first).count() / 7 + 1);
}

}  // namespace

std::optional<long double> parse_number(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  if (text.empty()) return {};
  if (text.starts_with("0x") || text.starts_with("0X")) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data() + 2, end, number, 16);
    if (read.ec != std::errc() || read.ptr != end) return {};
    return static_cast<long double>(number);
  }
  std::int64_t whole = 0;
  const auto read = std::from_chars(text.data(), end, whole);
  if (read.ec == std::errc() && read.ptr == end) return static_cast<long double>(whole);
  double number = 0;
  const auto fraction = std::from_chars(text.data(), end, number);
  if (fraction.ec != std::errc() || fraction.ptr != end || number != number) return {};
  return static_cast<long double>(number);
}

std::optional<long double> part_of_time(std::string_view text, TimePart part) {
  auto at = parse_lenient_time(text);
  if (!at) at = parse_lenient_time(std::string(text) + "Z");  // Sysmon writes no zone and means UTC
  if (!at) return {};
  const sys_time<std::chrono::microseconds> instant{std::chrono::microseconds(at->us)};
  const auto day = floor<std::chrono::days>(instant);
  const year_month_day date(day);
  const auto minute_of_day = floor<std::chrono::minutes>(instant - day).count();
  switch (part) {
    case TimePart::minute:
      return static_cast<long double>(minute_of_day % 60);
    case TimePart::hour:
      return static_cast<long double>(minute_of_day / 60);
    case TimePart::day:
      return static_cast<long double>(static_cast<unsigned>(date.day()));
    case TimePart::week:
      return iso_week(day);
    case TimePart::month:
      return static_cast<long double>(static_cast<unsigned>(date.month()));
    case TimePart::year:
      return static_cast<long double>(static_cast<int>(date.year()));
    case TimePart::none:
      break;
  }
  return {};
}

bool holds(Compare compare, long double left, long double right) noexcept {
  switch (compare) {
    case Compare::equal:
      return left == right;
    case Compare::less:
      return left < right;
    case Compare::less_equal:
      return left <= right;
    case Compare::greater:
      return left > right;
    case Compare::greater_equal:
      return left >= right;
    case Compare::not_equal:
      return left != right;
  }
  return false;
}

}  // namespace shieldwall::detect::sigma
