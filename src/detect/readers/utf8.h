#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace shieldwall::detect {

/// is_valid_utf8, eight bytes a step while they are ASCII, as nearly all of a log is.
inline bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  return is_valid_utf8(text.substr(at));
}

}  // namespace shieldwall::detect
