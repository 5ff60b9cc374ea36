#include "model/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace shieldwall::model {

namespace {

/// Exponents are clamped here, as read and as written, so that what was written reads as itself: a text of 4
/// GiB cannot outweigh them.
constexpr std::int64_t exponent_max = 1'000'000'000'000;

/// 0.`digits` x 10^`point`, without zeros at either end; no digits means zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;
};

std::int64_t read_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char digit : text) value = std::min(exponent_max, value * 10 + (digit - '0'));
  return negative ? -value : value;
}

Decimal read_decimal(std::string_view number) {
  Decimal decimal;
  decimal.negative = number.starts_with('-');
  if (decimal.negative) number.remove_prefix(1);
  const auto e = number.find_first_of("eE");
  const std::int64_t exponent = e == number.npos ? 0 : read_exponent(number.substr(e + 1));
  const std::string_view mantissa = number.substr(0, e);
  const auto dot = std::min(mantissa.find('.'), mantissa.size());
  decimal.digits = mantissa.substr(0, dot);
  if (dot < mantissa.size()) decimal.digits += mantissa.substr(dot + 1);
  const auto first = decimal.digits.find_first_not_of('0');
  if (first == decimal.digits.npos) return {};
  decimal.point = std::clamp(static_cast<std::int64_t>(dot) - static_cast<std::int64_t>(first) + exponent,
                             1 - exponent_max,
                             1 + exponent_max);
  decimal.digits.erase(0, first);
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  return decimal;
}

/// ECMAScript 2023 section 6.1.6.1.20, Number::toString, with all the digits that are there.
void append_layout(std::string& out, const Decimal& decimal) {
  const auto& digits = decimal.digits;
  const auto count = static_cast<std::int64_t>(digits.size());
  const std::int64_t point = decimal.point;
  if (decimal.negative) out += '-';
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits.front();
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += point < 1 ? "e-" : "e+";
    out += std::to_string(std::abs(point - 1));
  }
}

Decimal shortest_decimal(double value) {
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  return read_decimal({text, written.ptr});
}

}  // namespace

void append_canonical_number(std::string& out, std::string_view number) {
  if (number.find_first_of(".eE") == number.npos) {
    out += number == "-0" ? "0" : number;  // RFC 8785 section 3.2.2.3: minus zero is zero
    return;
  }
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool in_range = read.ec == std::errc{} && std::isfinite(value);
  const Decimal decimal = in_range ? shortest_decimal(value) : read_decimal(number);
  if (decimal.digits.empty() || (!in_range && decimal.point < 0))
    out += '0';  // or too small for a double, which reads it as zero
  else
    append_layout(out, decimal);
}

}  // namespace shieldwall::model
