#pragma once
// Which observations to bind to the brackets of a pattern, so that its operators and qualifiers hold
// (STIX 2.1 section 9.5). What a binding is:
//   - each bracket is bound to an observation that satisfies it, REPEATS n to n of them;
//   - an observed-data stands for number_observed observations, each bound once at most;
//   - each bound observation happened at one instant between first_observed and last_observed, and instants
//     can be chosen so that FOLLOWEDBY has none of its left side after one of its right, WITHIN d has all
//     of its at most d apart, and START a STOP b has all of its in a <= t < b.
//
// The last is settled without choosing instants: "x before y" and "x at most d after y" can be met for a
// whole binding exactly when each pair x, y alone can, that is when first(x) <= last(y) + d. What remains of
// a part of a pattern, seen from outside it, are two numbers: its latest first and its earliest last.

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/result.h"

namespace shieldwall::detect {

/// Leaves with `times` (REPEATS), joined. Children stand before their parents; the last node is the root.
struct BindNode {
  enum class Kind : std::uint8_t { leaf, all, any, sequence, repeat, within };
  Kind kind = Kind::leaf;
  std::vector<std::uint32_t> children = {};
  std::uint32_t leaf = 0;
  std::uint64_t times = 1;     // of leaf and repeat
  std::int64_t within_us = 0;  // of within
};

inline constexpr std::int64_t bind_time_min = std::numeric_limits<std::int64_t>::min() / 4;
inline constexpr std::int64_t bind_time_max = std::numeric_limits<std::int64_t>::max() / 4;

struct BindLeaf {
  std::vector<std::uint32_t> brackets;  // any of them: an OR of brackets is one leaf
  std::int64_t start = bind_time_min;   // microseconds since 1970; instants are not before
  std::int64_t stop = bind_time_max;    // ... and before
};

struct BindTree {
  std::vector<BindNode> nodes;
  std::vector<BindLeaf> leaves;
};

struct BindObservation {
  std::int64_t first = 0;  // microseconds since 1970
  std::int64_t last = 0;
  std::uint64_t units = 1;  // number_observed
};

/// `units` of that observation are bound to that leaf.
struct Bound {
  std::uint32_t leaf;
  std::uint32_t observation;
  std::uint64_t units;
};

/// What a search may cost: looks at a candidate. A second of work; a binding that takes longer is not looked
/// for.
inline constexpr std::uint64_t bind_steps_max = 200'000'000;
/// Observations of one binding that the general search tells apart, where simpler ways do not settle it.
inline constexpr std::size_t bind_slots_max = 1024;

/// A binding, if there is one.
///   satisfied  beside the leaves of `tree`: the observations that satisfy each, ascending
///   errors     exhausted: one of the limits above, or `steps_max`
Result<std::optional<std::vector<Bound>>> find_binding(
    const BindTree& tree,
    const std::vector<BindObservation>& observations,
    const std::vector<std::vector<std::uint32_t>>& satisfied,
    std::uint64_t steps_max = bind_steps_max);

}  // namespace shieldwall::detect
