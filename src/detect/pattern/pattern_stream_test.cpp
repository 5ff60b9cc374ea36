#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "detect/pattern/expression.h"
#include "detect/pattern/pattern_set.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

Timestamp second(std::int64_t n) {
  return {n * 1'000'000};
}

/// One person who is seen at `at`.
Observation person(std::string_view name, std::int64_t at, std::string_view age = "30") {
  Observation seen(second(at), second(at));
  const auto object = seen.add_object("person", "0");
  seen.set_text(object, "name", name);
  seen.set_number(object, "age", age);
  return seen;
}

PatternSet set_of(std::vector<std::string> patterns, const PatternSetOptions& options = {}) {
  std::vector<PatternSource> sources;
  for (auto& pattern : patterns) sources.push_back({fmt::format("p{}", sources.size()), std::move(pattern)});
  return PatternSet::compile(std::move(sources), options);
}

/// One of every way to bind several observations.
constexpr std::string_view patterns[] = {
    "[person:name = 'a'] AND [person:name = 'b']",
    "[person:name = 'a'] FOLLOWEDBY [person:name IN ('a', 'c')]",
    "([person:name = 'a'] FOLLOWEDBY [person:name != 'a']) WITHIN 3 SECONDS",
    "[person:age > 1] REPEATS 3 TIMES WITHIN 4 SECONDS",
    "([person:name = 'a'] OR [person:age = 2]) REPEATS 2 TIMES",
    "([person:name = 'a'] AND [person:age = 2]) WITHIN 2 SECONDS REPEATS 2 TIMES",
    "[person:name = 'c' AND person:age NOT IN (0, 1)] OR [person:name LIKE '_b']",
    "[EXISTS person:age AND person:name = 'b'] FOLLOWEDBY ([person:age = 0] AND [person:age = 1])",
    "[person:age >= 1 OR person:name = 'a'] REPEATS 4 TIMES",
};

std::string shown(const std::vector<PatternHit>& hits) {
  std::string out;
  for (const auto& hit : hits) out += fmt::format("{}:{} ", hit.pattern, fmt::join(hit.bound, ","));
  return out;
}

}  // namespace

TEST_CASE("an observation meets only the brackets that its values ask for") {
  const auto set = set_of({"[person:name = 'alice']",
                           "[person:name IN ('bob', 'carol') AND person:age > 20]",
                           "[person:age = 30.0]",
                           "[person:name = h'616c696365']",
                           "[person:name LIKE 'a%']",
                           "[file:name = 'alice']"});
  CHECK(set.indexed() == 5);
  CHECK(set.scanned() == 1);
  PatternStream stream(set);
  CHECK(shown(stream.feed(person("alice", 0))) == "0:0 2:0 3:0 4:0 ");
  CHECK(shown(stream.feed(person("carol", 1, "20"))) == "");
  CHECK(shown(stream.feed(person("carol", 2, "21"))) == "1:2 ");
  CHECK(stream.counts().brackets == 4 + 2 + 2);
  CHECK(stream.waiting() == 0);
}

TEST_CASE("a pattern that cannot be used is listed and the others run") {
  const auto set = set_of({"[person:name = ", "[person:name MATCHES '(a)\\\\1']", "[person:name = 'bob']"});
  REQUIRE(set.refused().size() == 2);
  CHECK(set.refused()[0].pattern == 0);
  CHECK(set.refused()[1].reason.find("back-references") != std::string::npos);
  PatternStream stream(set);
  CHECK(shown(stream.feed(person("bob", 0))) == "2:0 ");
}

TEST_CASE("observations wait for their pattern, are used once and forgotten in time") {
  const auto set = set_of({"([person:name = 'a'] FOLLOWEDBY [person:name = 'b']) WITHIN 10 SECONDS"});
  PatternStream stream(set);
  CHECK(shown(stream.feed(person("b", 0))) == "");
  CHECK(shown(stream.feed(person("a", 1))) == "");
  CHECK(shown(stream.feed(person("b", 11))) == "0:1,2 ");
  CHECK(shown(stream.feed(person("b", 11))) == "");  // its `a` is used up
  CHECK(shown(stream.feed(person("a", 20))) == "");
  CHECK(shown(stream.feed(person("b", 31))) == "");  // eleven seconds later
  CHECK(stream.waiting() == 1);                      // the last b
  CHECK(shown(stream.feed(person("a", 5))) == "");
  CHECK(stream.counts().late == 1);
}

TEST_CASE("the oldest makes room when a pattern waits with too many, and this is counted") {
  const auto set = set_of({"[person:age < 99] REPEATS 4 TIMES"}, {.window = hours(1), .waiting_max = 3});
  PatternStream stream(set);
  for (int i = 0; i < 10; ++i) CHECK(shown(stream.feed(person("a", i))) == "");
  CHECK(stream.waiting() == 3);
  CHECK(stream.counts().overflowed == 7);
}

TEST_CASE("number_observed counts as that many observations in a stream too") {
  const auto set = set_of({"[person:name = 'a'] REPEATS 3 TIMES"});
  PatternStream stream(set);
  auto seven = person("a", 0);
  seven.number_observed = 7;
  CHECK(shown(stream.feed(seven)) == "0:0 0:0 ");
  CHECK(shown(stream.feed(person("a", 1))) == "");
  CHECK(shown(stream.feed(person("a", 2))) == "0:0,1,2 ");
}

TEST_CASE("a stream hits first exactly where evaluating all so far would first match") {
  SeededRandom random(7);
  const auto rounds = tests::test_size("pattern_streams");
  std::int64_t hits = 0;
  for (std::int64_t round = 0; round < rounds; ++round) {
    std::vector<std::string> chosen;
    for (const auto& one : patterns) chosen.emplace_back(one);
    const auto set = set_of(chosen);
    PatternStream stream(set);
    std::vector<Observation> seen;
    std::set<std::size_t> done;
    std::int64_t at = 0;
    for (int i = 0; i < 8; ++i) {
      at += static_cast<std::int64_t>(random.below(3));
      const char name[2] = {static_cast<char>('a' + random.below(3)), '\0'};
      seen.push_back(person(name, at, std::to_string(random.below(3))));
      std::set<std::size_t> now;
      for (const auto& hit : stream.feed(seen.back())) now.insert(hit.pattern);
      for (std::size_t pattern = 0; pattern < chosen.size(); ++pattern) {
        if (done.contains(pattern)) continue;  // from here on what was used up is missing
        const auto verdict = match_pattern(*PatternCode::compile(chosen[pattern]), seen);
        REQUIRE(verdict);
        REQUIRE_MESSAGE(verdict->matched == now.contains(pattern), chosen[pattern], " at ", i);
        if (verdict->matched) done.insert(pattern);
      }
    }
    hits += static_cast<std::int64_t>(done.size());
  }
  CHECK(hits > rounds);
}

TEST_CASE("a stream that goes on with what another waited with hits as that one would have") {
  SeededRandom random(11);
  const auto rounds = tests::test_size("pattern_streams");
  std::int64_t hits = 0, resumed = 0;
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto set = set_of({std::begin(patterns), std::end(patterns)});
    PatternStream whole(set);
    auto parted = std::make_unique<PatternStream>(set);
    std::map<std::uint32_t, std::vector<PatternWaiting>> kept;
    std::int64_t at = 0;
    for (int i = 0; i < 30; ++i) {
      at += static_cast<std::int64_t>(random.below(3));
      const char name[2] = {static_cast<char>('a' + random.below(3)), '\0'};
      auto seen = person(name, at, std::to_string(random.below(3)));
      seen.number_observed = 1 + random.below(3);
      std::vector<std::size_t> of_whole, of_parted;
      for (const auto& hit : whole.feed(seen)) of_whole.push_back(hit.pattern);
      for (const auto& hit : parted->feed(seen)) of_parted.push_back(hit.pattern);
      REQUIRE(of_whole == of_parted);
      hits += static_cast<std::int64_t>(of_whole.size());
      for (const auto pattern : parted->changed()) kept[pattern] = parted->waiting(pattern);
      if (random.below(4) > 0) continue;
      parted = std::make_unique<PatternStream>(set);
      for (const auto& [pattern, waiting] : kept) REQUIRE(parted->resume(pattern, waiting));
      CHECK(parted->waiting() == whole.waiting());
      resumed += parted->waiting() > 0 ? 1 : 0;
    }
  }
  CHECK(hits > rounds);
  CHECK(resumed > rounds);
}

TEST_CASE("what waited with another pattern is refused") {
  PatternStream stream(set_of({"[person:name = 'a'] FOLLOWEDBY [person:name = 'b']"}));
  CHECK(stream.resume(0, {{.when = {}, .leaves = {0, 1}}}));
  for (const auto& leaves : {std::vector<std::uint32_t>{}, {2}, {1, 0}})
    CHECK(stream.resume(0, {{.when = {}, .leaves = leaves}}).error().code == ErrorCode::invalid);
  CHECK(stream.waiting() == 1);
}
