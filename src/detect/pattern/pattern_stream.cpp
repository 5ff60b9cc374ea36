#include <algorithm>
#include <deque>
#include <set>
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
  std::deque<Waiting> list;             // in the order of feeding
  std::vector<std::uint64_t> units;     // for each leaf, over all that wait
  std::int64_t oldest = bind_time_max;  // no `last` of these is before

  void add(Waiting one) {
    oldest = std::min(oldest, one.when.last);
    count(one);
    list.push_back(std::move(one));
  }
  /// `oldest` may then be too old, which costs one look at all when it would be forgotten.
  void drop_first() {
    for (const auto leaf : list.front().leaves)
      units[leaf] -= std::min(list.front().when.units, units_counted_max);
    list.pop_front();
  }
  /// After some went.
  void count_anew() {
    std::ranges::fill(units, 0u);
    oldest = bind_time_max;
    for (const auto& one : list) {
      oldest = std::min(oldest, one.when.last);
      count(one);
    }
  }

 private:
  void count(const Waiting& one) {
    for (const auto leaf : one.leaves) units[leaf] += std::min(one.when.units, units_counted_max);
  }
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
  explicit State(PatternSet which) : set(std::move(which)), tester(set) {}

  const PatternTables& tables() const { return *set.tables_; }
  WaitingList& list_of(std::uint32_t pattern) {
    auto& list = waiting[pattern];
    list.units.resize(tables().patterns[pattern].code.tree.leaves.size());
    return list;
  }

  void sweep();
  void forget_old(std::uint32_t pattern, WaitingList& waiting_list);
  void make_room(WaitingList& waiting_list);
  void wait(std::uint32_t pattern, const BindObservation& when, std::vector<std::uint32_t> leaves);
  void bind(std::uint32_t pattern, WaitingList& waiting_list);
  void use_up(std::uint32_t pattern, WaitingList& waiting_list, const std::vector<Bound>& bound);

  PatternSet set;
  PatternTester tester;
  std::unordered_map<std::uint32_t, WaitingList> waiting;
  std::set<std::uint32_t> changed;      // patterns, of which what waits
  std::int64_t newest = bind_time_min;  // the latest first_observed so far
  std::vector<PatternHit> hits;
  PatternStreamCounts counts;
  std::size_t kept = 0;
};

void PatternStream::State::forget_old(std::uint32_t number, WaitingList& waiting_list) {
  const auto since = newest - tables().patterns[number].window_us;
  if (waiting_list.oldest >= since) return;
  const auto gone =
      std::erase_if(waiting_list.list, [&](const Waiting& one) { return one.when.last < since; });
  if (gone > 0) changed.insert(number);
  kept -= gone;
  waiting_list.count_anew();
}

void PatternStream::State::sweep() {
  for (auto& [number, waiting_list] : waiting) forget_old(number, waiting_list);
  std::erase_if(waiting, [](const auto& one) { return one.second.list.empty(); });
}

void PatternStream::State::make_room(WaitingList& waiting_list) {
  const auto most = std::max<std::size_t>(tables().options.waiting_max, 1);
  if (waiting_list.list.size() < most) return;
  ++counts.overflowed;
  waiting_list.drop_first();
  --kept;
}

void PatternStream::State::wait(std::uint32_t number,
                                const BindObservation& when,
                                std::vector<std::uint32_t> leaves) {
  const auto& pattern = tables().patterns[number];
  std::erase_if(leaves, [&](std::uint32_t leaf) {
    const auto& limits = pattern.code.tree.leaves[leaf];
    return when.last < limits.start || when.first >= limits.stop;
  });
  if (leaves.empty()) return;
  auto& waiting_list = list_of(number);
  forget_old(number, waiting_list);
  if (when.last < newest - pattern.window_us) {
    ++counts.late;
    return;
  }
  make_room(waiting_list);
  waiting_list.add({.number = counts.observations, .when = when, .leaves = std::move(leaves)});
  ++kept;
  changed.insert(number);
  bind(number, waiting_list);
}

/// What waits without a binding has none among itself, so a binding found now holds the newest observation.
void PatternStream::State::bind(std::uint32_t number, WaitingList& waiting_list) {
  const auto& tree = tables().patterns[number].code.tree;
  while (enough(tree, waiting_list.units, static_cast<std::uint32_t>(tree.nodes.size() - 1))) {
    std::vector<BindObservation> times;
    std::vector<std::vector<std::uint32_t>> by_leaf(tree.leaves.size());
    for (std::uint32_t i = 0; i < waiting_list.list.size(); ++i) {
      times.push_back(waiting_list.list[i].when);
      for (const auto leaf : waiting_list.list[i].leaves) by_leaf[leaf].push_back(i);
    }
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
  waiting_list.count_anew();
}

PatternStream::PatternStream(PatternSet set) : state_(std::make_unique<State>(std::move(set))) {}
PatternStream::~PatternStream() = default;
PatternStream::PatternStream(PatternStream&&) noexcept = default;

const std::vector<PatternHit>& PatternStream::feed(const Observation& observation) {
  auto& state = *state_;
  const auto& parts = state.tester.test(observation);
  state.counts.brackets = state.tester.brackets();
  state.counts.undecided = state.tester.undecided();
  return take({observation.first_observed.us, observation.last_observed.us, observation.number_observed},
              parts);
}

const std::vector<PatternHit>& PatternStream::take(const BindObservation& when,
                                                   std::span<const PatternPart> parts) {
  auto& state = *state_;
  state.hits.clear();
  state.newest = std::max(state.newest, when.first);
  for (const auto& part : parts) {
    if (part.leaves.empty())
      state.hits.push_back({.pattern = part.pattern, .bound = {state.counts.observations}});
    else
      state.wait(part.pattern, when, part.leaves);
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

std::vector<std::uint32_t> PatternStream::changed() {
  const auto changed = std::exchange(state_->changed, {});
  return {changed.begin(), changed.end()};
}

std::vector<PatternWaiting> PatternStream::waiting(std::uint32_t pattern) const {
  std::vector<PatternWaiting> all;
  const auto found = state_->waiting.find(pattern);
  if (found == state_->waiting.end()) return all;
  for (const auto& one : found->second.list) all.push_back({one.when, one.leaves});
  return all;
}

Done PatternStream::resume(std::uint32_t pattern, std::vector<PatternWaiting> waited) {
  auto& state = *state_;
  const auto leaves = state.tables().patterns.at(pattern).code.tree.leaves.size();
  for (const auto& one : waited)
    if (one.leaves.empty() || one.leaves.back() >= leaves || !std::ranges::is_sorted(one.leaves))
      return fail(ErrorCode::invalid, "what waited is of another pattern");
  auto& list = state.list_of(pattern);
  for (auto& one : waited) {
    state.newest = std::max(state.newest, one.when.first);
    state.make_room(list);
    list.add({.number = state.counts.observations++, .when = one.when, .leaves = std::move(one.leaves)});
    ++state.kept;
  }
  return {};
}

}  // namespace shieldwall::detect
