#include "detect/sigma/breadth.h"

#include <algorithm>

#include "detect/sigma/regex.h"

namespace shieldwall::detect::sigma {

namespace {

bool is_everything(const Test& test) {
  switch (test.kind) {
    case Test::Kind::text:
      return test.glob.is_everything();
    case Test::Kind::regex: {
      const Regex regex(test.text);
      return regex.found_in("") && regex.found_in("\x01~ q");
    }
    case Test::Kind::network:
      return test.network.bits == 0 || (test.network.is_v4() && test.network.bits <= 96);
    case Test::Kind::exists:  // asks for presence in so many words
    case Test::Kind::number:
    case Test::Kind::null:
    case Test::Kind::field:
      return false;
  }
  return false;
}

/// Whether it holds when every test with content comes out as `tests_hold`.
bool holds(const Item& item, bool tests_hold) {
  const auto any = [&](const std::vector<Test>& tests) {
    return std::ranges::any_of(tests, [&](const Test& test) { return tests_hold || is_everything(test); });
  };
  const bool all = item.all ? std::ranges::all_of(item.values, any) : std::ranges::any_of(item.values, any);
  return all != item.negated;
}

bool holds(const Search& search, bool tests_hold) {
  return std::ranges::any_of(search.any_of, [&](const std::vector<Item>& items) {
    return std::ranges::all_of(items, [&](const Item& item) { return holds(item, tests_hold); });
  });
}

bool holds(const Condition& condition, const std::vector<bool>& searches) {
  const auto part_holds = [&](const Condition& part) { return holds(part, searches); };
  switch (condition.kind) {
    case Condition::Kind::name:
      return searches[condition.index];
    case Condition::Kind::all:
      return std::ranges::all_of(condition.parts, part_holds);
    case Condition::Kind::any:
      return std::ranges::any_of(condition.parts, part_holds);
    case Condition::Kind::no:
      return !part_holds(condition.parts.front());
  }
  return false;
}

bool holds(const Rule& rule, bool tests_hold) {
  std::vector<bool> searches;
  for (const auto& search : rule.searches) searches.push_back(holds(search, tests_hold));
  return holds(rule.condition, searches);
}

}  // namespace

bool matches_everything(const Rule& rule) {
  return holds(rule, false) && holds(rule, true);
}

}  // namespace shieldwall::detect::sigma
