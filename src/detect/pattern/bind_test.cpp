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
  const auto quarters = 1 + random.below(3);  // of the observations that satisfy a bracket
  for (auto& row : world.brackets)
    for (std::uint64_t i = 0; i < count; ++i) row.push_back(random.below(4) < quarters);
  return world;
}

std::string random_qualifier(Random& random) {
  switch (random.below(7)) {
    case 0:
    case 1:
      return fmt::format(" WITHIN {} SECONDS", 1 + random.below(4));
    case 2:
      return " REPEATS 2 TIMES";
    case 3: {
      const auto start = random.below(6);
      return fmt::format(" START t'1970-01-01T00:00:0{}Z' STOP t'1970-01-01T00:00:0{}Z'",
                         start,
                         start + 1 + random.below(3));
    }
    default:
      return {};
  }
}

/// `[x:n = <its number>]`, or a group of patterns that are less deep. Most groups have one operator, so that
/// each of the ways in which bindings are found is taken often.
std::string random_pattern(Random& random, int depth, int& brackets) {
  if (depth == 0 || random.below(5) < 2)
    return fmt::format("[x:n = {}]", brackets++) + (random.below(3) == 0 ? random_qualifier(random) : "");
  static constexpr std::string_view joints[] = {" AND ", " OR ", " FOLLOWEDBY "};
  const bool mixed = random.below(4) == 0;
  auto joint = random.below(5) % 3;
  std::string out = "(" + random_pattern(random, depth - 1, brackets);
  const auto more = 1 + random.below(2);
  for (std::uint64_t i = 0; i < more; ++i) {
    if (mixed) joint = random.below(3);
    out += std::string(joints[joint]) + random_pattern(random, depth - 1, brackets);
  }
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

/// Only what `binding` uses of `world`, for the brackets that it uses it for.
World used_by(const std::vector<Bound>& binding, const World& world, const BindTree& tree) {
  World used = world;
  for (auto& one : used.observations) one.units = 0;
  for (auto& row : used.brackets) row.assign(row.size(), false);
  for (const auto& bound : binding) {
    used.observations[bound.observation].units += bound.units;
    for (const auto bracket : tree.leaves[bound.leaf].brackets)
      used.brackets[bracket][bound.observation] = world.brackets[bracket][bound.observation];
  }
  for (std::size_t i = 0; i < used.observations.size(); ++i)
    CHECK(used.observations[i].units <= world.observations[i].units);
  return used;
}

}  // namespace

TEST_CASE("bindings are found exactly when the naive reading finds one, and are bindings") {
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
    if (*found) {
      const auto used = used_by(**found, world, code->tree);
      REQUIRE_MESSAGE(
          naive_match(parsed->root, used.observations, used.brackets) == true, text, shown(world), shown(used));
    }
    matched += *naive ? 1 : 0;
    ++compared;
  }
  CHECK(matched > compared / 20);
  CHECK(compared - matched > compared / 20);
}

namespace {

bool bound_in(const std::string& pattern, const World& world) {
  const auto code = PatternCode::compile(pattern);
  REQUIRE(code);
  const auto found = find_binding(code->tree, world.observations, satisfied_in(world, code->tree));
  REQUIRE(found);
  return found->has_value();
}

/// Whether `pattern`, with brackets [x:n = 0], [x:n = 1], ..., is bound in a world of instants: of each
/// bracket the seconds at which it is satisfied.
bool bound_in(const std::string& pattern, const std::vector<std::vector<std::int64_t>>& brackets) {
  World world;
  std::map<std::int64_t, std::size_t> at;
  for (const auto& row : brackets)
    for (const auto second : row) at.try_emplace(second, 0);
  for (auto& [second, number] : at) {
    number = world.observations.size();
    world.observations.push_back({second * 1'000'000, second * 1'000'000, 1});
  }
  for (const auto& row : brackets) {
    world.brackets.emplace_back(world.observations.size(), false);
    for (const auto second : row) world.brackets.back()[at[second]] = true;
  }
  return bound_in(pattern, world);
}

}  // namespace

TEST_CASE("an observation that two brackets could have goes where it is needed") {
  CHECK(bound_in("[x:n = 0] AND [x:n = 1]", {{1, 2}, {1}}));
  CHECK(bound_in("[x:n = 0] AND [x:n = 1] AND [x:n = 2]", {{1, 2, 3}, {1, 2}, {1}}));
  CHECK_FALSE(bound_in("[x:n = 0] AND [x:n = 1] AND [x:n = 2]", {{1, 2}, {1, 2}, {1, 2}}));
  CHECK(bound_in("[x:n = 0] REPEATS 2 TIMES AND [x:n = 1]", {{1, 2, 3}, {1}}));
}

TEST_CASE("every window is tried when the first has too few for brackets that compete") {
  CHECK(bound_in("([x:n = 0] AND [x:n = 1]) WITHIN 2 SECONDS", {{1, 10, 11}, {1, 11}}));
  CHECK_FALSE(bound_in("([x:n = 0] AND [x:n = 1]) WITHIN 2 SECONDS", {{1, 10, 13}, {1, 13}}));
}

TEST_CASE("repeated sequences share observations out in time") {
  CHECK(
      bound_in("([x:n = 0] FOLLOWEDBY [x:n = 1]) REPEATS 3 TIMES", {{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}}));
  CHECK_FALSE(bound_in("([x:n = 0] FOLLOWEDBY [x:n = 1]) REPEATS 3 TIMES", {{2, 4, 6}, {1, 3, 5}}));
  CHECK(bound_in("([x:n = 0] FOLLOWEDBY [x:n = 1]) REPEATS 2 TIMES", {{2, 4, 6}, {1, 3, 5}}));
  CHECK(bound_in("(([x:n = 0] AND [x:n = 1]) WITHIN 1 SECONDS) REPEATS 2 TIMES", {{1, 5, 9}, {2, 3, 10}}));
  CHECK_FALSE(
      bound_in("(([x:n = 0] AND [x:n = 1]) WITHIN 1 SECONDS) REPEATS 3 TIMES", {{1, 5, 9}, {2, 3, 10}}));
}

TEST_CASE("what copies of a part share out among them keeps the distances around all of them") {
  const auto second = [](std::int64_t n) { return n * 1'000'000; };
  World world;
  world.observations = {{second(6), second(8), 1},
                        {second(0), second(0), 1},
                        {second(1), second(4), 2},
                        {second(4), second(4), 1},
                        {second(5), second(5), 1},
                        {second(3), second(3), 1}};
  world.brackets = {{false, true, true, true, true, true},
                    {true, true, true, false, true, false},
                    {true, false, true, true, true, true},
                    {true, true, true, true, true, true},
                    {true, false, false, true, true, true}};
  // All seven are needed, and 0..0 and 6..8 are six seconds apart.
  CHECK_FALSE(
      bound_in("(([x:n = 0] AND [x:n = 1]) REPEATS 2 TIMES AND ([x:n = 2] WITHIN 2 SECONDS AND [x:n = 3] "
               "WITHIN 4 SECONDS) WITHIN 4 SECONDS AND [x:n = 4] WITHIN 4 SECONDS) WITHIN 4 SECONDS",
               world));
}

TEST_CASE("many observations and large counts are bound without writing combinations down") {
  std::vector<std::int64_t> all;
  for (int i = 0; i < 2'000; ++i) all.push_back(i);
  CHECK(bound_in("[x:n = 0] REPEATS 1500 TIMES AND [x:n = 1] REPEATS 500 TIMES", {all, all}));
  CHECK_FALSE(bound_in("[x:n = 0] REPEATS 1500 TIMES AND [x:n = 1] REPEATS 501 TIMES", {all, all}));
  CHECK(bound_in("[x:n = 0] REPEATS 61 TIMES WITHIN 60 SECONDS", {all}));
  CHECK_FALSE(bound_in("[x:n = 0] REPEATS 62 TIMES WITHIN 60 SECONDS", {all}));
  CHECK(bound_in("[x:n = 0] FOLLOWEDBY [x:n = 1] FOLLOWEDBY [x:n = 2]", {all, all, {1'999}}));
}
