#pragma once
// A record as it was read: the value, and the revision to be named when it is replaced.

#include <cstdint>

#include "store/store.h"

namespace shieldwall::ledger {

template <typename T>
struct Row {
  T value;
  std::uint64_t revision = 0;  // 0: not stored yet; it must be absent when written
};

}  // namespace shieldwall::ledger
