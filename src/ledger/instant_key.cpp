#include "ledger/instant_key.h"

#include <charconv>

#include <fmt/format.h>

namespace shieldwall::ledger {

namespace {

constexpr std::size_t digits_of_instant = 20;

}  // namespace

std::string instant_key(std::string_view prefix, Timestamp at, std::string_view rest) {
  return fmt::format("{}{:0{}}/{}", prefix, at.us, digits_of_instant, rest);
}

Timestamp instant_of(std::string_view prefix, std::string_view key) {
  Timestamp at;
  const auto digits = key.substr(prefix.size(), digits_of_instant);
  std::from_chars(digits.data(), digits.data() + digits.size(), at.us);
  return at;
}

}  // namespace shieldwall::ledger
