#include "detect/pattern/bind.h"

#include <algorithm>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "detect/pattern/bind_naive.h"
#include "detect/pattern/expression.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

/// A world small enough for the naive reading: up to 7 observations with intervals of 0 to 3 units of time,
/// some standing for two.
struct World {
  std::vector<BindObservation> observations;
  std::vector<std::vector<bool>> brackets;  // [bracket][observation]: satisfies it
};

World random_world(Random& random, std::size_t brackets) {
  World world;
  const auto count = 1 + random.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto first = static_cast<std::int64_t>(random.below(8)) * 1'000'000;
    const auto length = random.below(3) == 0 ? static_cast<std::int64_t>(random.below(4)) * 1'000'000 : 0;
    world.observations.push_back({first, first + length, random.below(5) == 0 ? 2u : 1u});
  }
  world.brackets.resize(brackets);
  const auto share = 2 + random.below(3);
  for (auto& row : world.brackets)
    for (std::uint64_t i = 0; i < count; ++i) row.push_back(random.below(share) == 0);
  return world;
}

std::string random_qualifier(Random& random) {
  switch (random.below(4)) {
    case 0:
      return fmt::format(" WITHIN {} SECONDS", 1 + random.below(4));
    case 1:
      return fmt::format(" REPEATS {} TIMES", 1 + random.below(2));
    case 2: {
      const auto start = random.below(6);
      return fmt::format(" START t'1970-01-01T00:00:0{}Z' STOP t'1970-01-01T00:00:0{}Z'",
                         start,
                         start + 1 + random.below(3));
    }
    default:
      return {};
  }
}

/// A pattern of `left` brackets at most, `[x:n = <its number>]`.
std::string random_pattern(Random& random, int depth, int& brackets) {
  if (depth == 0 || random.below(3) == 0)
    return fmt::format("[x:n = {}]", brackets++) + random_qualifier(random);
  static constexpr std::string_view joints[] = {" AND ", " OR ", " FOLLOWEDBY "};
  std::string out = "(" + random_pattern(random, depth - 1, brackets);
  const auto more = 1 + random.below(2);
  for (std::uint64_t i = 0; i < more; ++i)
    out += std::string(joints[random.below(3)]) + random_pattern(random, depth - 1, brackets);
  return out + ")" + random_qualifier(random);
}

std::vector<std::vector<std::uint32_t>> satisfied_in(const World& world, const BindTree& tree) {
  std::vector<std::vector<std::uint32_t>> satisfied(tree.leaves.size());
  for (std::size_t leaf = 0; leaf < satisfied.size(); ++leaf)
    for (std::uint32_t which = 0; which < world.observations.size(); ++which)
      if (std::ranges::any_of(tree.leaves[leaf].brackets, [&](auto b) { return world.brackets[b][which]; }))
        satisfied[leaf].push_back(which);
  return satisfied;
}

std::string shown(const World& world) {
  std::string out;
  for (std::size_t i = 0; i < world.observations.size(); ++i) {
    const auto& one = world.observations[i];
    out += fmt::format("\n  {}..{} x{}:", one.first / 1'000'000, one.last / 1'000'000, one.units);
    for (std::size_t b = 0; b < world.brackets.size(); ++b)
      if (world.brackets[b][i]) out += fmt::format(" {}", b);
  }
  return out;
}

}  // namespace

TEST_CASE("bindings are found exactly when the naive reading finds one") {
  SeededRandom random(20);
  const auto worlds = tests::test_size("pattern_worlds");
  std::int64_t matched = 0;
  std::int64_t compared = 0;
  for (std::int64_t i = 0; i < worlds; ++i) {
    int brackets = 0;
    const auto text = random_pattern(random, 2, brackets);
    const auto parsed =
        model::parse_pattern(text, model::PatternSpelling::v2_1, model::RepeatedQualifiers::accepted);
    REQUIRE(parsed);
    const auto code = PatternCode::compile(text);
    REQUIRE(code);
    const auto world = random_world(random, static_cast<std::size_t>(brackets));
    const auto naive = naive_match(parsed->root, world.observations, world.brackets);
    if (!naive) continue;  // too many bindings to write down
    const auto found = find_binding(code->tree, world.observations, satisfied_in(world, code->tree));
    REQUIRE(found);
    REQUIRE_MESSAGE(found->has_value() == *naive, text, shown(world));
    matched += *naive ? 1 : 0;
    ++compared;
  }
  CHECK(matched > compared / 20);
  CHECK(compared - matched > compared / 20);
}
