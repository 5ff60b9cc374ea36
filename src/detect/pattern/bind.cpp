#include "detect/pattern/bind.h"

#include <algorithm>

#include "detect/pattern/bind_parts.h"

namespace shieldwall::detect {

using Kind = BindNode::Kind;

Done BindProblem::spend(std::uint64_t steps_taken) {
  steps += steps_taken;
  if (steps > steps_max)
    return fail(ErrorCode::exhausted, "no binding found in {} steps, and none ruled out", steps_max);
  return {};
}

namespace {

std::vector<std::vector<Candidate>> candidates_of(const BindTree& tree,
                                                  const std::vector<BindObservation>& observations,
                                                  const std::vector<std::vector<std::uint32_t>>& satisfied) {
  std::vector<std::vector<Candidate>> all(tree.leaves.size());
  for (std::size_t leaf = 0; leaf < all.size(); ++leaf) {
    const auto& limits = tree.leaves[leaf];
    for (const auto which : satisfied[leaf]) {
      const auto first = std::max(observations[which].first, limits.start);
      const auto last = std::min(observations[which].last, limits.stop - 1);
      if (first <= last) all[leaf].push_back({.observation = which, .first = first, .last = last});
    }
    std::ranges::stable_sort(all[leaf], {}, &Candidate::first);
  }
  return all;
}

/// Only leaves, AND, and at most one WITHIN around all: then the instants of a binding lie in one window.
const BindNode* only_window(const BindTree& tree) {
  const auto& root = tree.nodes.back();
  for (const auto& node : tree.nodes)
    if (node.kind != Kind::leaf && node.kind != Kind::all && &node != &root) return nullptr;
  return root.kind == Kind::within || root.kind == Kind::leaf || root.kind == Kind::all ? &root : nullptr;
}

/// Every window that begins where an observation ends; a binding's window may be moved there.
Result<std::optional<std::vector<Bound>>> bind_in_window(BindProblem& problem,
                                                         std::int64_t within_us,
                                                         const std::vector<std::uint64_t>& units) {
  std::vector<std::int64_t> starts;
  for (const auto& leaf : problem.candidates)
    for (const auto& candidate : leaf) starts.push_back(candidate.last);
  std::ranges::sort(starts);
  starts.erase(std::ranges::unique(starts).begin(), starts.end());
  for (const auto start : starts) {
    std::vector<BindRequest> requests;
    for (const auto& node : problem.tree.nodes)
      if (node.kind == Kind::leaf) requests.push_back({node.leaf, node.times, start + within_us, start});
    auto served = TRY(serve(problem, requests, units));
    if (served) return served;
  }
  return std::optional<std::vector<Bound>>();
}

}  // namespace

Result<std::optional<std::vector<Bound>>> find_binding(
    const BindTree& tree,
    const std::vector<BindObservation>& observations,
    const std::vector<std::vector<std::uint32_t>>& satisfied,
    std::uint64_t steps_max) {
  BindProblem problem{.tree = tree,
                      .observations = observations,
                      .candidates = candidates_of(tree, observations, satisfied),
                      .steps_max = steps_max};
  const auto spans = best_spans(problem);
  if (spans.back().empty()) return std::optional<std::vector<Bound>>();
  std::vector<std::uint64_t> units;
  for (const auto& one : observations) units.push_back(one.units);
  if (const auto requests = requests_of(problem, spans)) {
    auto served = TRY(serve(problem, *requests, units));
    if (served) return served;
  }
  if (const auto* const root = only_window(tree)) {
    // Without WITHIN the first try had no limits at all, so it was exact.
    if (root->kind != Kind::within) return std::optional<std::vector<Bound>>();
    return bind_in_window(problem, root->within_us, units);
  }
  return search_binding(problem, spans);
}

}  // namespace shieldwall::detect
