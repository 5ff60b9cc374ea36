// Following one value to its end: only brackets and strings matter.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "model/object_splitter.h"

namespace shieldwall::model {

namespace {

/// Keys and values of the outermost object that matter are shorter.
constexpr std::size_t word_bytes_max = 64;

/// The characters that matter inside a value and outside its strings.
constexpr std::array<bool, 256> structural = [] {
  std::array<bool, 256> table{};
  for (const char c : {'"', '{', '}', '[', ']'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

/// The next quote or backslash, or `end`.
const char* find_string_end(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr auto zero_bytes = [](std::uint64_t w) { return (w - ones) & ~w & (ones * 0x80); };
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      const std::uint64_t found = zero_bytes(word ^ (ones * '"')) | zero_bytes(word ^ (ones * '\\'));
      if (found != 0) return at + std::countr_zero(found) / 8;
      at += 8;
    }
  }
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

/// Follows a value that starts with a bracket or a quote. True when it is whole.
bool ObjectSplitter::State::follow_nested(const char*& at, const char* end) {
  while (at != end) {
    if (in_string) {
      if (!follow_string(at, end, nullptr)) return false;
      if (depth == 0) return true;
      continue;
    }
    while (at != end && !structural[static_cast<unsigned char>(*at)]) ++at;
    if (at == end) return false;
    const char c = *at++;
    if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth <= 1) {
      depth = 0;
      return true;
    } else {
      --depth;
    }
  }
  return false;
}

/// Inside a string; true when its closing quote was consumed. Escapes are kept as written.
bool ObjectSplitter::State::follow_string(const char*& at, const char* end, std::string* kept) {
  const auto keep = [&](const char* from) {
    if (kept != nullptr && kept->size() < word_bytes_max)
      kept->append(from, std::min(static_cast<std::size_t>(at - from), word_bytes_max));
  };
  while (at != end) {
    const char* const from = at;
    if (after_backslash) {
      after_backslash = false;
      ++at;
      keep(from);
      continue;
    }
    at = find_string_end(at, end);
    keep(from);
    if (at == end) return false;
    if (*at++ == '"') {
      in_string = false;
      return true;
    }
    after_backslash = true;
    keep(at - 1);
  }
  return false;
}

}  // namespace shieldwall::model
