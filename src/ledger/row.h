#pragma once
// A record as it was read: the value, and the revision to be named when it is replaced.

#include <cstdint>

#include "store/store.h"

namespace shieldwall::ledger {

inline constexpr std::size_t name_bytes_max = 256;  // of whatever people name; fits a line on a screen
inline constexpr std::size_t description_bytes_max = 10'000;  // a page of text

template <typename T>
struct Row {
  T value;
  std::uint64_t revision = 0;  // 0: not stored yet; it must be absent when written
};

}  // namespace shieldwall::ledger
