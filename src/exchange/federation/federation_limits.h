#pragma once
// Limits that what this node asks of others and what it reads of their answers have in common.

#include <cstddef>

namespace shieldwall::exchange::federation {

inline constexpr std::size_t rosters_bytes_max = 64u << 20;  // of one answer

}  // namespace shieldwall::exchange::federation
