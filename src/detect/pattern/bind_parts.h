#pragma once
// The parts of find_binding; for bind*.cpp alone.

#include "detect/pattern/bind.h"

namespace shieldwall::detect {

/// An observation that satisfies a leaf, its interval cut to the leaf's START and STOP.
struct Candidate {
  std::uint32_t observation;
  std::int64_t first;
  std::int64_t last;
};

struct BindProblem {
  const BindTree& tree;
  const std::vector<BindObservation>& observations;
  std::vector<std::vector<Candidate>> candidates;  // of each leaf, ascending by first
  std::uint64_t steps_max;
  std::uint64_t steps = 0;

  /// Counts work. errors: exhausted
  Done spend(std::uint64_t steps_taken);
};

/// A leaf that wants `times` observations with first <= first_max and last >= last_min, not before the place
/// `from` among its candidates.
struct BindRequest {
  std::uint32_t leaf;
  std::uint64_t times;
  std::int64_t first_max;
  std::int64_t last_min;
  std::uint32_t from = 0;
};

/// Serves all requests from observations with `left` units each, if that can be (a maximum flow).
///   errors  exhausted
Result<std::optional<std::vector<Bound>>> serve(BindProblem& problem,
                                                const std::vector<BindRequest>& requests,
                                                const std::vector<std::uint64_t>& left);

/// The best that a part of the pattern can show to the outside: no other binding of it has both a lower
/// `latest_first` and a higher `earliest_last`.
struct Span {
  std::int64_t latest_first;
  std::int64_t earliest_last;
};

/// The best spans of each node, ascending in both numbers, as if one observation could serve several leaves.
/// A node without any cannot be bound; a pattern whose leaves share no observations is bound exactly when its
/// root has one.
std::vector<std::vector<Span>> best_spans(const BindProblem& problem);

/// One way to meet the root's spans as requests; nothing when these are more than bind_slots_max. The root
/// has a span.
std::optional<std::vector<BindRequest>> requests_of(const BindProblem& problem,
                                                    const std::vector<std::vector<Span>>& spans);

/// The whole answer by search. errors: exhausted
Result<std::optional<std::vector<Bound>>> search_binding(BindProblem& problem,
                                                         const std::vector<std::vector<Span>>& spans);

}  // namespace shieldwall::detect
