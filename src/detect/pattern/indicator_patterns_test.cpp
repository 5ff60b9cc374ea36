#include "detect/pattern/indicator_patterns.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

IndicatorPatterns patterns_of(const std::vector<std::string>& patterns) {
  std::vector<Indicator> indicators;
  for (const auto& pattern : patterns) indicators.push_back({.id = pattern, .pattern = pattern});
  return IndicatorPatterns::of(indicators, Timestamp{} + days(1));
}

Record event(std::vector<Field> fields) {
  return {.line = 1, .fields = std::move(fields)};
}

}  // namespace

TEST_CASE("patterns that say more than that a value was seen are held against events, the others are not") {
  const auto patterns = patterns_of({
      "[domain-name:value = 'a.example'] OR [ipv4-addr:value IN ('192.0.2.1')]",
      "[ipv4-addr:value ISSUBSET '192.0.2.0/24']",
      "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 4444]",
      "[domain-name:value LIKE 'update.%.example']",
      "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example'] WITHIN 60 SECONDS",
  });
  CHECK(patterns.size() == 3);
  CHECK(patterns.unused().empty());
  CHECK(patterns.takes("[domain-name:value LIKE 'update.%.example']"));
  CHECK_FALSE(patterns.takes("[ipv4-addr:value ISSUBSET '192.0.2.0/24']"));
}

TEST_CASE("a pattern that would match every event of a kind is refused, and says which kind") {
  const std::pair<std::string, std::string> broad[] = {
      {"[domain-name:value LIKE '%']", "every name under com"},
      {"[domain-name:value LIKE '%.net']", "every name under net"},
      {"[domain-name:value MATCHES '']", "every name under com"},
      {"[domain-name:value != 'a.example']", "every name under com"},
      {"[NOT domain-name:value = 'a.example']", ""},  // does not parse
      {"[domain-name:value NOT = 'a.example']", "every name under com"},
      {"[EXISTS file:name]", "every program"},
      {"[file:name LIKE '%.exe']", "every program"},
      {"[network-traffic:dst_ref.value ISSUBSET '0.0.0.0/0']", "every address"},
      {"[network-traffic:dst_port >= 0]", "every address"},
      {"[process:command_line MATCHES '.*']", "every command"},
      {"[domain-name:value LIKE '%'] FOLLOWEDBY [domain-name:value LIKE '_%']", "every name under com"},
      {"[domain-name:value LIKE '%'] REPEATS 5 TIMES WITHIN 600 SECONDS", "every name under com"},
  };
  for (const auto& [pattern, kind] : broad) {
    const auto patterns = patterns_of({pattern});
    CAPTURE(pattern);
    CHECK(patterns.empty());
    REQUIRE(patterns.unused().size() == (kind.empty() ? 0 : 1));
    if (!kind.empty()) CHECK(patterns.unused().front().reason == "its pattern would match " + kind);
  }
  CHECK(patterns_of({"[domain-name:value LIKE '%.bad.com']", "[network-traffic:dst_port > 65000]"}).size() ==
        2);
}

TEST_CASE("a pattern is completed by several events in their order, and names its indicator once") {
  const auto patterns = std::make_shared<const IndicatorPatterns>(
      patterns_of({"[domain-name:value = 'unseen.example' OR domain-name:value LIKE 'first.%']",
                   "([domain-name:value = 'first.example'] FOLLOWEDBY [network-traffic:dst_port = 4444]) "
                   "WITHIN 60 SECONDS"}));
  PatternFollower follower(patterns);
  const auto at = [](int second) { return Timestamp{} + seconds(second); };
  using Found = std::vector<std::size_t>;
  const auto call = event({{"id.resp_h", "192.0.2.1"}, {"id.resp_p", "4444", false}});
  CHECK(follower.feed(call, {}, at(1)) == Found{});
  CHECK(follower.feed(event({{"query", "first.example"}}), {}, at(2)) == Found{0});
  CHECK(follower.feed(call, {}, at(30)) == Found{1});
  CHECK(follower.feed(call, {}, at(31)) == Found{});
  const Match already{.field = "query", .value = "first.example", .indicator = 0};
  CHECK(follower.feed(event({{"query", "first.example"}}), {already}, at(40)) == Found{});
  CHECK(follower.feed(call, {}, at(101)) == Found{});
}

TEST_CASE("a pattern whose time is over finds older events alone, and one that is revoked nothing") {
  Indicator over{.id = "over", .pattern = "[domain-name:value LIKE 'bad.%']"};
  over.valid_until = Timestamp{} + days(10);
  auto revoked = over;
  revoked.revoked = true;
  const std::vector<Indicator> both{over, revoked};
  const auto patterns =
      std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(both, Timestamp{} + days(20)));
  CHECK(patterns->size() == 1);
  PatternFollower follower(patterns);
  const auto bad = event({{"query", "bad.example"}});
  CHECK(follower.feed(bad, {}, Timestamp{} + days(9)).size() == 1);
  CHECK(follower.feed(bad, {}, Timestamp{} + days(10)).empty());
}
