#include <algorithm>
#include <deque>
#include <unordered_map>

#include "detect/pattern/pattern_set.h"
#include "detect/pattern/pattern_tables.h"

namespace shieldwall::detect {

namespace {

/// What one observation may cost the search of one pattern: milliseconds.
constexpr std::uint64_t steps_each_max = 1'000'000;
constexpr std::uint64_t units_counted_max = std::uint64_t{1} << 50;  // sums of them do not overflow
constexpr std::uint64_t sweep_every = 65'536;  // observations between two looks at all that waits

/// An observation that a pattern waits with.
struct Waiting {
  std::uint64_t number;  // in the order of feeding
  BindObservation when;
  std::vector<std::uint32_t> leaves;  // that it satisfies, ascending
};

struct WaitingList {
  std::deque<Waiting> list;  // in the order of feeding
};

/// Whether each leaf that must be bound has enough observations, whatever their times.
bool enough(const BindTree& tree, const std::vector<std::uint64_t>& units, std::uint32_t node) {
  const auto& what = tree.nodes[node];
  const auto below = [&](std::uint32_t child) { return enough(tree, units, child); };
  if (what.kind == BindNode::Kind::leaf) return units[what.leaf] >= what.times;
  if (what.kind == BindNode::Kind::any) return std::ranges::any_of(what.children, below);
  return std::ranges::all_of(what.children, below);
}

}  // namespace

struct PatternStream::State {
  explicit State(PatternSet which) : set(std::move(which)), stamps(set.tables_->brackets.size(), 0) {}

  const PatternTables& tables() const { return *set.tables_; }

  void test_brackets(const Observation& in);
  void sweep();
  void forget_old(const PreparedPattern& pattern, WaitingList& waiting_list);
  void wait(std::uint32_t pattern, const Observation& in, std::vector<std::uint32_t> leaves);
  void bind(std::uint32_t pattern, WaitingList& waiting_list);
  void use_up(std::uint32_t pattern, WaitingList& waiting_list, const std::vector<Bound>& bound);

  PatternSet set;
  PatternScratch scratch;
  std::vector<std::uint32_t> candidates;
  std::vector<std::uint32_t> stamps;  // of each bracket: the last feeding that tested it
  std::uint32_t stamp = 0;
  std::vector<BracketRef> satisfied;  // by the observation that is fed
  std::unordered_map<std::uint32_t, WaitingList> waiting;
  std::int64_t newest = bind_time_min;  // the latest first_observed so far
  std::vector<PatternHit> hits;
  PatternStreamCounts counts;
  std::size_t kept = 0;
};

void PatternStream::State::test_brackets(const Observation& in) {
  satisfied.clear();
  if (++stamp == 0) {  // after four thousand million feedings
    std::ranges::fill(stamps, 0u);
    stamp = 1;
  }
  tables().index.candidates(in, scratch, candidates);
  for (const auto number : candidates) {
    if (stamps[number] == stamp) continue;
    stamps[number] = stamp;
    ++counts.brackets;
    const auto& ref = tables().brackets[number];
    const auto truth = tables().patterns[ref.pattern].code.brackets[ref.bracket].test(in, scratch);
    if (truth == Truth::undecided) ++counts.undecided;
    if (truth == Truth::yes) satisfied.push_back(ref);
  }
  std::ranges::sort(satisfied, {}, [](const BracketRef& ref) { return std::pair(ref.pattern, ref.bracket); });
}

void PatternStream::State::forget_old(const PreparedPattern& pattern, WaitingList& waiting_list) {
  const auto is_old = [&](const Waiting& one) { return one.when.last < newest - pattern.window_us; };
  kept -= std::erase_if(waiting_list.list, is_old);
}

void PatternStream::State::sweep() {
  for (auto& [number, waiting_list] : waiting) forget_old(tables().patterns[number], waiting_list);
  std::erase_if(waiting, [](const auto& one) { return one.second.list.empty(); });
}

void PatternStream::State::wait(std::uint32_t number,
                                const Observation& in,
                                std::vector<std::uint32_t> leaves) {
  const auto& pattern = tables().patterns[number];
  std::erase_if(leaves, [&](std::uint32_t leaf) {
    const auto& limits = pattern.code.tree.leaves[leaf];
    return in.last_observed.us < limits.start || in.first_observed.us >= limits.stop;
  });
  if (leaves.empty()) return;
  auto& waiting_list = waiting[number];
  forget_old(pattern, waiting_list);
  if (in.last_observed.us < newest - pattern.window_us) {
    ++counts.late;
    return;
  }
  if (waiting_list.list.size() >= std::max<std::size_t>(tables().options.waiting_max, 1)) {
    ++counts.overflowed;
    waiting_list.list.pop_front();
    --kept;
  }
  waiting_list.list.push_back({.number = counts.observations,
                               .when = {in.first_observed.us, in.last_observed.us, in.number_observed},
                               .leaves = std::move(leaves)});
  ++kept;
  bind(number, waiting_list);
}

/// What waits without a binding has none among itself, so a binding found now holds the newest observation.
void PatternStream::State::bind(std::uint32_t number, WaitingList& waiting_list) {
  const auto& tree = tables().patterns[number].code.tree;
  for (;;) {
    std::vector<BindObservation> times;
    std::vector<std::vector<std::uint32_t>> by_leaf(tree.leaves.size());
    std::vector<std::uint64_t> units(tree.leaves.size(), 0);
    for (std::uint32_t i = 0; i < waiting_list.list.size(); ++i) {
      times.push_back(waiting_list.list[i].when);
      for (const auto leaf : waiting_list.list[i].leaves) {
        by_leaf[leaf].push_back(i);
        units[leaf] += std::min<std::uint64_t>(times.back().units, units_counted_max);
      }
    }
    if (!enough(tree, units, static_cast<std::uint32_t>(tree.nodes.size() - 1))) return;
    const auto bound = find_binding(tree, times, by_leaf, steps_each_max);
    if (!bound) ++counts.unsearched;
    if (!bound || !*bound) return;
    use_up(number, waiting_list, **bound);
  }
}

void PatternStream::State::use_up(std::uint32_t number,
                                  WaitingList& waiting_list,
                                  const std::vector<Bound>& bound) {
  PatternHit hit{.pattern = number, .bound = {}};
  for (const auto& one : bound) {
    auto& waited = waiting_list.list[one.observation];
    waited.when.units -= one.units;
    hit.bound.push_back(waited.number);
  }
  std::ranges::sort(hit.bound);
  hit.bound.erase(std::ranges::unique(hit.bound).begin(), hit.bound.end());
  hits.push_back(std::move(hit));
  kept -= std::erase_if(waiting_list.list, [](const Waiting& one) { return one.when.units == 0; });
}

PatternStream::PatternStream(PatternSet set) : state_(std::make_unique<State>(std::move(set))) {}
PatternStream::~PatternStream() = default;
PatternStream::PatternStream(PatternStream&&) noexcept = default;

const std::vector<PatternHit>& PatternStream::feed(const Observation& observation) {
  auto& state = *state_;
  state.hits.clear();
  state.newest = std::max(state.newest, observation.first_observed.us);
  state.test_brackets(observation);
  for (std::size_t i = 0; i < state.satisfied.size();) {
    const auto number = state.satisfied[i].pattern;
    const auto& pattern = state.tables().patterns[number];
    std::vector<std::uint32_t> leaves;
    for (; i < state.satisfied.size() && state.satisfied[i].pattern == number; ++i)
      if (!pattern.at_once)
        for (const auto leaf : pattern.leaves_of[state.satisfied[i].bracket]) leaves.push_back(leaf);
    if (pattern.at_once) {
      state.hits.push_back({.pattern = number, .bound = {state.counts.observations}});
      continue;
    }
    std::ranges::sort(leaves);
    leaves.erase(std::ranges::unique(leaves).begin(), leaves.end());
    state.wait(number, observation, std::move(leaves));
  }
  ++state.counts.observations;
  if (state.counts.observations % sweep_every == 0) state.sweep();
  return state.hits;
}

const PatternStreamCounts& PatternStream::counts() const {
  return state_->counts;
}

std::size_t PatternStream::waiting() const {
  return state_->kept;
}

}  // namespace shieldwall::detect
