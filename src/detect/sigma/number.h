#pragma once
// Numbers and parts of times in the values of events.

#include <optional>
#include <string_view>

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

/// Memory that one compiled regular expression may take; RE2's DFA included. What needs more is refused.
inline constexpr std::int64_t regex_bytes_max = 8 << 20;

/// A decimal number, or a whole one in hexadecimal with 0x. Whole numbers of 64 bits are exact.
std::optional<long double> parse_number(std::string_view text) noexcept;

/// That part of the time written in `text` (RFC 3339 and its neighbours; as written in UTC). Weeks as ISO
/// 8601 counts them.
std::optional<long double> part_of_time(std::string_view text, TimePart part);

bool holds(Compare compare, long double left, long double right) noexcept;

}  // namespace shieldwall::detect::sigma
