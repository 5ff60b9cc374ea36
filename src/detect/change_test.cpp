#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "detect/live_matcher.h"
#include "detect/tables.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

Indicator domain(const std::string& id, const std::string& name) {
  return {.id = id, .pattern = name, .values = {{model::ValueKind::domain, name}}};
}

std::string hits(const Matcher& matcher, std::string_view value) {
  Scanner scanner(matcher);
  std::string ids;
  for (const auto& match : scanner.scan({.line = 1, .fields = {{"f", value}}}))
    ids += (ids.empty() ? "" : " ") + matcher.indicator(match.indicator).id;
  return ids;
}

}  // namespace

TEST_CASE("an added indicator hits, a withdrawn one does not, a newer version takes the place of the older") {
  const auto base = compile({domain("a", "a.example"), domain("b", "b.example")}, {.now = {}});
  const auto added = changed(base, {.added = {domain("c", "c.example"), domain("a", "new-a.example")}}, {});
  CHECK(hits(added, "c.example") == "c");
  CHECK(hits(added, "new-a.example") == "a");
  CHECK(hits(added, "a.example") == "");
  CHECK(hits(added, "b.example") == "b");
  CHECK(added.changes() == 4);
  const auto less = changed(added, {.withdrawn = {"c", "b"}}, {});
  CHECK(hits(less, "c.example") == "");
  CHECK(hits(less, "b.example") == "");
  CHECK(hits(less, "new-a.example") == "a");
  CHECK(hits(base, "a.example") == "a");  // whoever holds it goes on with it
  const auto back = changed(less, {.added = {domain("c", "c.example")}}, {});
  CHECK(hits(back, "c.example") == "c");
}

TEST_CASE("thousands of small changes leave few layers and lose nothing") {
  auto matcher = compile({domain("base", "base.example")}, {.now = {}});
  constexpr int changes = 60, of_change = 50;
  for (int i = 0; i < changes; ++i) {
    MatcherChange change;
    for (int j = 0; j < of_change; ++j) {
      const auto number = i * of_change + j;
      change.added.push_back(domain(fmt::format("n{}", number), fmt::format("n{}.example", number)));
    }
    if (i > 0) change.withdrawn = {fmt::format("n{}", i - 1)};
    matcher = changed(matcher, std::move(change), {});
  }
  CHECK(MatcherAccess::tables(matcher).layers.size() <= layers_max);
  std::size_t wrong = 0;
  for (int i = 0; i < changes * of_change; ++i) {
    const bool withdrawn = i < changes - 1;
    wrong += hits(matcher, fmt::format("n{}.example", i)) == (withdrawn ? "" : fmt::format("n{}", i)) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(hits(matcher, "base.example") == "base");
}

TEST_CASE("scanners that run see a change whole, in its order, and go on undisturbed") {
  LiveMatcher live(compile({domain("base", "base.example")}, {.now = {}}));
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0}, looked{0};
  const auto look = [&] {
    auto matcher = live.now();
    auto version = live.version();
    Scanner scanner(matcher);
    std::size_t most = 0;
    while (!done || looked < 100) {
      if (version != live.version()) {
        version = live.version();
        matcher = live.now();
        scanner.use(matcher);
      }
      // Each change adds a pair; nobody sees half of one, and none goes again.
      const auto count = scanner.scan({.line = 1, .fields = {{"f", "pair.example"}}}).size();
      wrong += count % 2 != 0 || count < most ? 1 : 0;
      wrong += scanner.scan({.line = 2, .fields = {{"f", "base.example"}}}).size() == 1 ? 0 : 1;
      most = count;
      ++looked;
    }
  };
  std::thread first(look), second(look);
  constexpr int changes = 40;
  for (int i = 0; i < changes; ++i)
    live.change({.added = {domain(fmt::format("p{}", i), "pair.example"),
                           domain(fmt::format("q{}", i), "pair.example")}},
                {});
  done = true;
  first.join();
  second.join();
  CHECK(wrong == 0);
  Scanner scanner(live.now());
  CHECK(scanner.scan({.line = 1, .fields = {{"f", "pair.example"}}}).size() == 2 * changes);
  live.replace(compile({}, {.now = {}}));
  CHECK(hits(live.now(), "pair.example") == "");
}
