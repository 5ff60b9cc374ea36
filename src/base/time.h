#pragma once
// Instants, and the text they are written in.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall {

/// An instant of the server's resolution: microseconds since 1970-01-01T00:00:00Z, negative before.
struct Timestamp {
  std::int64_t us = 0;
  auto operator<=>(const Timestamp&) const = default;

  static constexpr Timestamp never() { return {INT64_MAX}; }   // later than every instant
  static constexpr Timestamp always() { return {INT64_MIN}; }  // earlier than every instant
};

/// A length of time in microseconds.
struct Duration {
  std::int64_t us = 0;
  auto operator<=>(const Duration&) const = default;
};

constexpr Duration microseconds(std::int64_t n) {
  return {n};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration minutes(std::int64_t n) {
  return seconds(n * 60);
}
constexpr Duration hours(std::int64_t n) {
  return seconds(n * 3600);
}
constexpr Duration days(std::int64_t n) {
  return hours(n * 24);
}

constexpr Timestamp operator+(Timestamp at, Duration length) {
  return {at.us + length.us};
}
constexpr Timestamp operator-(Timestamp at, Duration length) {
  return {at.us - length.us};
}
constexpr Duration operator-(Timestamp later, Timestamp earlier) {
  return {later.us - earlier.us};
}

/// A time as it was written, at any precision: the instant rounded down to microseconds, and the digits after
/// the sixth without trailing zeros (they order two times of the same microsecond).
struct WrittenTime {
  Timestamp at;
  std::string_view finer;  // looks into the text that was parsed
  auto operator<=>(const WrittenTime&) const = default;
};

/// RFC 3339 as STIX 2.1 section 3.16 narrows it: `T` and `Z` in upper case, UTC only, years 0000-9999, real
/// calendar days, seconds 00-59 (60 is taken as the second before).
///   errors  invalid, naming the offset
Result<WrittenTime> parse_time(std::string_view text);

/// The wider reader for other people's logs: also a space for `T`, `+hh:mm` offsets, lower case.
Result<Timestamp> parse_lenient_time(std::string_view text);

/// RFC 3339 in UTC with `Z` and exactly six digits (TAXII 2.1 section 3.2).
std::string to_text(Timestamp at);
/// The same with three digits (STIX `created`, `modified`).
std::string to_text_ms(Timestamp at);

}  // namespace shieldwall
