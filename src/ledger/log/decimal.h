#pragma once
// Numbers as the C2SP log formats write them.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shieldwall::ledger {

/// A decimal number without sign and leading zeros; nothing when `text` is not one, or beyond 64 bits.
inline std::optional<std::uint64_t> plain_decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  return number;
}

}  // namespace shieldwall::ledger
