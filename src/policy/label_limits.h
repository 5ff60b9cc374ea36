#pragma once
// How large a label may be. Each bound is far beyond what people write.

#include <cstddef>

#include "policy/label.h"

namespace shieldwall::policy {

inline constexpr std::size_t clauses_max = 256;           // a join of that many labels is a report of its own
inline constexpr std::size_t nations_max = 26 * 26 * 26;  // every code there can be
inline constexpr std::size_t organisations_max = 10'000;  // of one clause; beyond the largest roster foreseen
inline constexpr std::size_t compartments_max = 1'024;
inline constexpr std::size_t persons_max = 10'000;
inline constexpr std::size_t label_bytes_max =
    1u << 20;  // of the canonical form; one clause of the most fits six times

/// Instants that can be written as text, RFC 3339: years 0000 to 9999.
inline constexpr Timestamp earliest_instant{-62'167'219'200'000'000};
inline constexpr Timestamp latest_instant{253'402'300'799'999'999};

/// Whether an embargo or end is its neutral value or can be written.
constexpr bool is_writable(Timestamp at, Timestamp neutral) {
  return at == neutral || (at >= earliest_instant && at <= latest_instant);
}

}  // namespace shieldwall::policy
