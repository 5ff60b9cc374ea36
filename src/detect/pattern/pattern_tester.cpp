#include <algorithm>
#include <cassert>

#include "detect/pattern/pattern_set.h"
#include "detect/pattern/pattern_tables.h"

namespace shieldwall::detect {

struct PatternTester::State {
  explicit State(PatternSet which) : set(std::move(which)), stamps(set.tables_->brackets.size(), 0) {}

  const PatternTables& tables() const { return *set.tables_; }

  void test_brackets(const Observation& in);
  void add_part(std::span<const BracketRef> of_one_pattern);

  PatternSet set;
  PatternScratch scratch;
  std::vector<std::uint32_t> candidates;
  std::vector<std::uint32_t> stamps;  // of each bracket: the last observation that it was tested with
  std::uint32_t stamp = 0;
  std::vector<BracketRef> satisfied;  // by the observation in hand
  std::vector<PatternPart> parts;
  std::uint64_t brackets = 0, undecided = 0;
};

void PatternTester::State::test_brackets(const Observation& in) {
  satisfied.clear();
  if (++stamp == 0) {  // after four thousand million observations
    std::ranges::fill(stamps, 0u);
    stamp = 1;
  }
  tables().index.candidates(in, scratch, candidates);
  for (const auto number : candidates) {
    if (stamps[number] == stamp) continue;
    stamps[number] = stamp;
    ++brackets;
    const auto& ref = tables().brackets[number];
    const auto truth = tables().patterns[ref.pattern].code.brackets[ref.bracket].test(in, scratch);
    if (truth == Truth::undecided) ++undecided;
    if (truth == Truth::yes) satisfied.push_back(ref);
  }
  std::ranges::sort(satisfied, {}, [](const BracketRef& ref) { return std::pair(ref.pattern, ref.bracket); });
}

void PatternTester::State::add_part(std::span<const BracketRef> of_one_pattern) {
  const auto number = of_one_pattern.front().pattern;
  const auto& pattern = tables().patterns[number];
  auto& leaves = parts.emplace_back(PatternPart{.pattern = number, .leaves = {}}).leaves;
  if (pattern.at_once) return;
  for (const auto& ref : of_one_pattern)
    leaves.insert(leaves.end(), pattern.leaves_of[ref.bracket].begin(), pattern.leaves_of[ref.bracket].end());
  std::ranges::sort(leaves);
  leaves.erase(std::ranges::unique(leaves).begin(), leaves.end());
  assert(!leaves.empty());  // each bracket stands in a leaf
}

PatternTester::PatternTester(PatternSet set) : state_(std::make_unique<State>(std::move(set))) {}
PatternTester::~PatternTester() = default;
PatternTester::PatternTester(PatternTester&&) noexcept = default;

const std::vector<PatternPart>& PatternTester::test(const Observation& observation) {
  auto& state = *state_;
  state.parts.clear();
  state.test_brackets(observation);
  const std::span<const BracketRef> all(state.satisfied);
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    while (end < all.size() && all[end].pattern == all[begin].pattern) ++end;
    state.add_part(all.subspan(begin, end - begin));
  }
  return state.parts;
}

std::uint64_t PatternTester::brackets() const {
  return state_->brackets;
}

std::uint64_t PatternTester::undecided() const {
  return state_->undecided;
}

}  // namespace shieldwall::detect
