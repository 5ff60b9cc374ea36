// The best spans of every part of a pattern: one sweep over time for each operator.

#include <algorithm>
#include <limits>
#include <queue>

#include "detect/pattern/bind_parts.h"

namespace shieldwall::detect {

namespace {

using Kind = BindNode::Kind;
using Spans = std::vector<Span>;

/// Keeps `spans` ascending in both numbers; called with latest_first ascending.
void keep_best(Spans& spans, Span next) {
  if (!spans.empty() && next.earliest_last <= spans.back().earliest_last) return;
  if (!spans.empty() && next.latest_first == spans.back().latest_first)
    spans.back() = next;
  else
    spans.push_back(next);
}

/// Of any `times` observations: while first grows, the `times` latest lasts seen so far are kept.
Spans of_leaf(const BindProblem& problem, const BindNode& node) {
  struct Kept {
    std::int64_t last;
    std::uint64_t units;
    bool operator>(const Kept& other) const { return last > other.last; }
  };
  std::priority_queue<Kept, std::vector<Kept>, std::greater<>> kept;
  std::uint64_t units = 0;
  Spans spans;
  for (const auto& candidate : problem.candidates[node.leaf]) {
    // More than is wanted adds nothing, and the sum must not overflow.
    const auto useful = std::min(problem.observations[candidate.observation].units, node.times);
    kept.push({candidate.last, useful});
    units += useful;
    while (units - kept.top().units >= node.times) {
      units -= kept.top().units;
      kept.pop();
    }
    if (units >= node.times) keep_best(spans, {candidate.first, kept.top().last});
  }
  return spans;
}

/// The span with the highest earliest_last among those with latest_first <= `limit`.
const Span* best_until(const Spans& spans, std::int64_t limit) {
  const auto behind = std::ranges::upper_bound(spans, limit, {}, &Span::latest_first);
  return behind == spans.begin() ? nullptr : &*(behind - 1);
}

std::vector<std::int64_t> all_firsts(const Spans& a, const Spans& b) {
  std::vector<std::int64_t> firsts;
  for (const auto& span : a) firsts.push_back(span.latest_first);
  for (const auto& span : b) firsts.push_back(span.latest_first);
  std::ranges::sort(firsts);
  firsts.erase(std::ranges::unique(firsts).begin(), firsts.end());
  return firsts;
}

Spans of_both(const Spans& a, const Spans& b) {
  Spans spans;
  for (const auto limit : all_firsts(a, b)) {
    const auto* const left = best_until(a, limit);
    const auto* const right = best_until(b, limit);
    if (left != nullptr && right != nullptr)
      keep_best(spans, {limit, std::min(left->earliest_last, right->earliest_last)});
  }
  return spans;
}

/// `a` then `b`: a.latest_first <= b.earliest_last. The right side that ends latest leaves the left most
/// room.
Spans of_sequence(const Spans& a, const Spans& b) {
  Spans spans;
  for (const auto limit : all_firsts(a, b)) {
    const auto* const right = best_until(b, limit);
    if (right == nullptr) continue;
    const auto* const left = best_until(a, std::min(limit, right->earliest_last));
    if (left != nullptr) keep_best(spans, {limit, std::min(left->earliest_last, right->earliest_last)});
  }
  return spans;
}

Spans of_either(const Spans& a, const Spans& b) {
  Spans spans;
  for (const auto limit : all_firsts(a, b)) {
    const auto* const left = best_until(a, limit);
    const auto* const right = best_until(b, limit);
    const auto none = std::numeric_limits<std::int64_t>::min();
    keep_best(spans,
              {limit,
               std::max(left == nullptr ? none : left->earliest_last,
                        right == nullptr ? none : right->earliest_last)});
  }
  return spans;
}

Spans of_node(const BindProblem& problem, const BindNode& node, const std::vector<Spans>& below) {
  if (node.kind == Kind::leaf) return of_leaf(problem, node);
  auto spans = below[node.children[0]];
  if (node.kind == Kind::within)
    std::erase_if(spans,
                  [&](const Span& one) { return one.latest_first - one.earliest_last > node.within_us; });
  for (std::size_t i = 1; i < node.children.size(); ++i) {
    const auto& next = below[node.children[i]];
    spans = node.kind == Kind::all        ? of_both(spans, next)
            : node.kind == Kind::sequence ? of_sequence(spans, next)
                                          : of_either(spans, next);
  }
  return spans;
}

class Extraction {
 public:
  Extraction(const BindProblem& problem, const std::vector<Spans>& spans)
      : problem_(problem), spans_(spans) {}

  /// Requests for a binding of `node` whose firsts are at most `first_max` and lasts at least `last_min`.
  void add(std::uint32_t node, std::int64_t first_max, std::int64_t last_min) {
    if (requests.size() > bind_slots_max) return;
    const auto& what = problem_.tree.nodes[node];
    switch (what.kind) {
      case Kind::leaf:
        requests.push_back({what.leaf, what.times, first_max, last_min});
        break;
      case Kind::all:
        for (const auto child : what.children) add(child, first_max, last_min);
        break;
      case Kind::repeat:
        for (std::uint64_t i = 0; i < what.times && requests.size() <= bind_slots_max; ++i)
          add(what.children[0], first_max, last_min);
        break;
      case Kind::within: {
        const auto start = meeting(node, first_max, last_min).earliest_last;
        add(what.children[0], std::min(first_max, start + what.within_us), std::max(start, last_min));
        break;
      }
      case Kind::any:
        for (const auto child : what.children)
          if (const auto* const best = best_until(spans_[child], first_max);
              best != nullptr && best->earliest_last >= last_min)
            return add(child, first_max, last_min);
        break;
      case Kind::sequence:
        for (auto i = what.children.size(); i-- > 0;) {
          add(what.children[i], first_max, i == 0 ? last_min : split(what, i, first_max, last_min));
          if (i > 0) first_max = std::min(first_max, split(what, i, first_max, last_min));
        }
        break;
    }
  }

  std::vector<BindRequest> requests;

 private:
  std::int64_t split(const BindNode& what,
                     std::size_t child,
                     std::int64_t first_max,
                     std::int64_t last_min) const {
    const auto* const best = best_until(spans_[what.children[child]], first_max);
    return best == nullptr ? last_min : std::max(best->earliest_last, last_min);
  }

  /// The first span of `node` inside these limits; there is one.
  Span meeting(std::uint32_t node, std::int64_t first_max, std::int64_t last_min) const {
    const auto found = std::ranges::lower_bound(spans_[node], last_min, {}, &Span::earliest_last);
    if (found == spans_[node].end() || found->latest_first > first_max) return {first_max, last_min};
    return *found;
  }

  const BindProblem& problem_;
  const std::vector<Spans>& spans_;
};

}  // namespace

std::vector<std::vector<Span>> best_spans(const BindProblem& problem) {
  std::vector<Spans> all;
  for (const auto& node : problem.tree.nodes) all.push_back(of_node(problem, node, all));
  return all;
}

std::optional<std::vector<BindRequest>> requests_of(const BindProblem& problem,
                                                    const std::vector<std::vector<Span>>& spans) {
  Extraction extraction(problem, spans);
  const auto root = static_cast<std::uint32_t>(problem.tree.nodes.size() - 1);
  extraction.add(root, bind_time_max, bind_time_min);
  if (extraction.requests.size() > bind_slots_max) return std::nullopt;
  return std::move(extraction.requests);
}

}  // namespace shieldwall::detect
