#include "detect/pattern/expression.h"

#include <algorithm>
#include <cmath>

namespace shieldwall::detect {

using model::Junction;

Done BracketCode::add(const model::ComparisonExpression& expression) {
  const auto here = nodes_.size();
  nodes_.emplace_back();
  if (expression.comparison) {
    nodes_[here].comparison = static_cast<std::uint32_t>(comparisons_.size());
    comparisons_.push_back(TRY(ComparisonCode::compile(*expression.comparison)));
  } else {
    nodes_[here].kind = expression.junction == Junction::conjunction ? Node::Kind::all : Node::Kind::any;
    for (const auto& child : expression.children) TRY(add(child));
  }
  nodes_[here].end = static_cast<std::uint32_t>(nodes_.size());
  return {};
}

Result<BracketCode> BracketCode::compile(const model::ComparisonExpression& expression) {
  BracketCode made;
  TRY(made.add(expression));
  return made;
}

Truth BracketCode::test(std::uint32_t node,
                        const Observation& in,
                        std::string_view type,
                        ValueId object,
                        PatternScratch& scratch) const {
  const auto& what = nodes_[node];
  if (what.kind == Node::Kind::comparison)
    return comparisons_[what.comparison].test(in, type, object, scratch);
  const auto settled = what.kind == Node::Kind::all ? Truth::no : Truth::yes;  // by one child alone
  auto answer = settled == Truth::no ? Truth::yes : Truth::no;
  for (auto child = node + 1; child < what.end; child = nodes_[child].end) {
    const auto one = test(child, in, type, object, scratch);
    if (one == settled) return settled;
    if (one == Truth::undecided) answer = one;
  }
  return answer;
}

Truth BracketCode::test(const Observation& in, PatternScratch& scratch) const {
  auto answer = Truth::no;
  for (const auto& object : in.objects()) {
    if (!object.is_root) continue;
    const auto one = test(0, in, in.type_of(object), object.value, scratch);
    if (one == Truth::yes) return one;
    if (one == Truth::undecided) answer = one;
  }
  return answer;
}

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t ever_us = bind_time_max / 2;  // longer than all of the years 0000 to 9999

/// Builds the tree: qualifiers become nodes or, START and STOP, limits of the leaves below them.
class Builder {
 public:
  explicit Builder(PatternCode& code) : code_(code) {}

  Result<std::uint32_t> add(const model::ObservationExpression& expression,
                            std::int64_t start,
                            std::int64_t stop) {
    for (const auto& qualifier : expression.qualifiers)
      if (const auto* const limits = std::get_if<model::StartStopQualifier>(&qualifier)) {
        start = std::max(start, TRY(time_of(limits->start)));
        stop = std::min(stop, TRY(time_of(limits->stop)));
      }
    auto node = TRY(add_operands(expression, start, stop));
    for (const auto& qualifier : expression.qualifiers) node = qualified(node, qualifier);
    return node;
  }

 private:
  static Result<std::int64_t> time_of(const std::string& text) { return TRY(parse_time(text)).at.us; }

  std::uint32_t push(BindNode node) {
    code_.tree.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(code_.tree.nodes.size() - 1);
  }

  Result<std::uint32_t> add_operands(const model::ObservationExpression& expression,
                                     std::int64_t start,
                                     std::int64_t stop) {
    if (expression.observation) {
      const auto bracket = static_cast<std::uint32_t>(code_.brackets.size());
      code_.brackets.push_back(TRY(BracketCode::compile(*expression.observation)));
      code_.tree.leaves.push_back({.brackets = {bracket}, .start = start, .stop = stop});
      return push({.leaf = static_cast<std::uint32_t>(code_.tree.leaves.size() - 1)});
    }
    std::vector<std::uint32_t> children;
    for (const auto& child : expression.children) children.push_back(TRY(add(child, start, stop)));
    if (children.size() == 1) return children[0];
    if (expression.junction == Junction::disjunction && are_plain_leaves(children)) return merged(children);
    const auto kind = expression.junction == Junction::conjunction   ? BindNode::Kind::all
                      : expression.junction == Junction::disjunction ? BindNode::Kind::any
                                                                     : BindNode::Kind::sequence;
    return push({.kind = kind, .children = std::move(children)});
  }

  /// Brackets under an OR that only say which observation it may be: the nodes that were pushed last.
  bool are_plain_leaves(const std::vector<std::uint32_t>& children) const {
    const auto& nodes = code_.tree.nodes;
    if (nodes.size() - children.front() != children.size()) return false;
    const auto& limits = code_.tree.leaves[nodes[children[0]].leaf];
    return std::ranges::all_of(children, [&](std::uint32_t child) {
      const auto& leaf = code_.tree.leaves[nodes[child].leaf];
      return nodes[child].kind == BindNode::Kind::leaf && nodes[child].times == 1 &&
             leaf.start == limits.start && leaf.stop == limits.stop;
    });
  }

  std::uint32_t merged(const std::vector<std::uint32_t>& children) {
    auto& nodes = code_.tree.nodes;
    auto& leaves = code_.tree.leaves;
    const auto kept = nodes[children[0]].leaf;
    for (std::size_t i = 1; i < children.size(); ++i) {
      auto& from = leaves[nodes[children[i]].leaf].brackets;
      leaves[kept].brackets.insert(leaves[kept].brackets.end(), from.begin(), from.end());
    }
    nodes.resize(children[0] + 1);
    leaves.resize(kept + 1);
    return children[0];
  }

  std::uint32_t qualified(std::uint32_t node, const model::Qualifier& qualifier) {
    auto& what = code_.tree.nodes[node];
    const bool one_leaf = what.kind == BindNode::Kind::leaf;
    if (const auto* const within = std::get_if<model::WithinQualifier>(&qualifier)) {
      if (one_leaf && what.times == 1) return node;  // one instant
      const auto us = within->seconds * static_cast<double>(second_us);
      return push({.kind = BindNode::Kind::within,
                   .children = {node},
                   .within_us = us < static_cast<double>(ever_us) ? std::llround(us) : ever_us});
    }
    const auto* const repeats = std::get_if<model::RepeatsQualifier>(&qualifier);
    if (repeats == nullptr || repeats->times == 1) return node;
    const auto times = static_cast<std::uint64_t>(repeats->times);
    if (!one_leaf) return push({.kind = BindNode::Kind::repeat, .children = {node}, .times = times});
    static constexpr std::uint64_t times_max = std::uint64_t{1} << 62;
    what.times = what.times > times_max / times ? times_max : what.times * times;
    return node;
  }

  PatternCode& code_;
};

Result<model::Pattern> parse(std::string_view text, PatternDialect dialect) {
  using model::PatternSpelling;
  using model::RepeatedQualifiers;
  if (dialect == PatternDialect::v2_0)
    return model::parse_pattern(text, PatternSpelling::v2_0, RepeatedQualifiers::accepted);
  auto parsed = model::parse_pattern(text, PatternSpelling::v2_1, RepeatedQualifiers::accepted);
  if (parsed || dialect == PatternDialect::v2_1) return parsed;
  auto older = model::parse_pattern(text, PatternSpelling::v2_0, RepeatedQualifiers::accepted);
  return older ? std::move(older) : std::move(parsed);
}

}  // namespace

Result<PatternCode> PatternCode::compile(std::string_view pattern, PatternDialect dialect) {
  const auto parsed = TRY(parse(pattern, dialect));
  PatternCode code;
  TRY(Builder(code).add(parsed.root, bind_time_min, bind_time_max));
  return code;
}

Result<PatternVerdict> match_pattern(const PatternCode& pattern,
                                     std::span<const Observation> observations,
                                     std::uint64_t steps_max) {
  PatternScratch scratch;
  PatternVerdict verdict;
  std::vector<BindObservation> times;
  for (const auto& one : observations)
    times.push_back({one.first_observed.us, one.last_observed.us, one.number_observed});
  std::vector<std::vector<std::uint32_t>> satisfied(pattern.tree.leaves.size());
  for (std::size_t leaf = 0; leaf < satisfied.size(); ++leaf)
    for (std::uint32_t which = 0; which < observations.size(); ++which)
      for (const auto bracket : pattern.tree.leaves[leaf].brackets) {
        const auto truth = pattern.brackets[bracket].test(observations[which], scratch);
        if (truth == Truth::undecided) verdict.undecided = scratch.reason;
        if (truth != Truth::yes) continue;
        satisfied[leaf].push_back(which);
        break;
      }
  const auto bound = TRY(find_binding(pattern.tree, times, satisfied, steps_max));
  verdict.matched = bound.has_value();
  if (!bound) return verdict;
  verdict.undecided.clear();
  for (const auto& one : *bound) verdict.bound.push_back(one.observation);
  std::ranges::sort(verdict.bound);
  verdict.bound.erase(std::ranges::unique(verdict.bound).begin(), verdict.bound.end());
  return verdict;
}

}  // namespace shieldwall::detect
