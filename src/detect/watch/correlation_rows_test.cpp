// What correlations counted before a restart counts after it, and nothing twice.
#include "detect/watch/correlation_rows.h"

#include <optional>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr std::string_view base_rules =
    "title: A\nname: a\nlogsource: {product: windows}\ndetection: {s: {X: a}, condition: s}\n---\n"
    "title: B\nname: b\nlogsource: {product: windows}\ndetection: {s: {X: b}, condition: s}\n---\n";
constexpr std::string_view counts =
    "title: Thrice\nname: thrice\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n"
    "  timespan: 10s\n  condition: {gte: 3}\n---\n"
    "title: Both\nname: both\ncorrelation:\n  type: temporal_ordered\n  rules: [a, b]\n  group-by: [User]\n"
    "  timespan: 20s\n---\n"
    "title: Hosts\ncorrelation:\n  type: value_count\n  rules: [b]\n  group-by: [User]\n  timespan: 15s\n"
    "  condition: {field: Host, gte: 2}\n---\n"
    "title: Above\ncorrelation:\n  type: temporal\n  rules: [thrice, both]\n  group-by: [User]\n  timespan: "
    "20s\n";

/// A watch's correlations over one store; each begin() is a process of its own.
class CountWorld {
 public:
  explicit CountWorld(bool forgets = false) : forgets_(forgets) {
    auto store = store::open_memory(
        {.clock = system_clock(), .random = system_random(), .fs = system_fs(), .stop = {}});
    REQUIRE(store);
    store_ = std::move(*store);
    begin();
  }

  void begin(std::string_view correlations = counts) {
    sigma::RuleFile file;
    sigma::read_rules(std::string(base_rules) + std::string(correlations), "c.yml", {}, file);
    rules_ = sigma::compile_rules(std::move(file), {});
    for (const auto& one : rules_.unusable()) FAIL(one.reason);
    correlator_.emplace(rules_);
    counted_.emplace(*correlator_, rules_);
    if (!forgets_) REQUIRE(counted_->resume(*correlator_, store_->records()));
  }
  /// Titles of the correlations that begin when the rule fires at that second, in a turn of its own.
  std::string fire(std::string_view name, int at, std::string_view user, std::string_view host = "h") {
    Record event;
    event.fields = {{.name = "User", .value = user}, {.name = "Host", .value = host}};
    std::string titles;
    for (std::uint32_t i = 0; i < rules_.rules().size(); ++i) {
      if (rules_.rules()[i].name != name) continue;
      const std::vector observed{correlator_->observe(i, event, {seconds(at).us}, 0)};
      for (const auto& one : correlator_->take(observed.front()))
        titles += rules_.rules()[one.rule].title + " ";
      REQUIRE(store_->records().write(counted_->add(observed)));
    }
    return titles;
  }
  std::size_t rows() {
    return store_->records().scan(store::Table::cursor, "watch/sigma/", "", 1'000)->size();
  }

 private:
  bool forgets_;
  std::unique_ptr<store::Store> store_;
  sigma::RuleSet rules_;
  std::optional<sigma::Correlator> correlator_;
  std::optional<CorrelationRows> counted_;
};

/// What a random history tells; a second one that begins anew at random places tells the same.
std::string told(std::uint64_t seed, int events, bool restarts, bool forgets) {
  CountWorld world(forgets);
  SeededRandom chance(seed), stops(seed + 1);
  std::string all;
  for (int at = 0, i = 0; i < events; ++i, at += static_cast<int>(chance.below(5))) {
    if (restarts && stops.below(4) == 0) world.begin();
    const auto* const rule = chance.below(2) == 0 ? "a" : "b";
    const auto* const user = chance.below(2) == 0 ? "ann" : "bob";
    const auto* const host = chance.below(2) == 0 ? "h" : "i";
    all += fmt::format("{}: {}\n", i, world.fire(rule, at, user, host));
  }
  return all;
}

}  // namespace

TEST_CASE("what came before a restart counts, and what was told is not told again") {
  CountWorld world;
  CHECK(world.fire("a", 0, "ann") == "");
  CHECK(world.fire("a", 1, "ann") == "");
  world.begin();
  CHECK(world.fire("a", 2, "bob") == "");
  CHECK(world.fire("a", 3, "ann") == "Thrice ");
  world.begin();
  CHECK(world.fire("a", 4, "ann") == "");
  CHECK(world.fire("b", 5, "ann") == "Both Above ");
  world.begin();
  CHECK(world.fire("a", 30, "ann") == "");  // too late
}

TEST_CASE("a watch that begins anew at any place tells what one does that never ends") {
  const auto histories = static_cast<std::uint64_t>(tests::test_size("watch_histories"));
  std::size_t noticed = 0;
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    CAPTURE(seed);
    const auto whole = told(seed, 60, false, false);
    REQUIRE(told(seed, 60, true, false) == whole);
    if (seed <= 5) noticed += told(seed, 60, true, true) == whole ? 0 : 1;
  }
  CHECK(noticed == 5);  // one that forgets at each restart
}

TEST_CASE("rows go when no timespan reaches them, and when the correlations are about something else") {
  CountWorld world;
  for (int at = 0; at < 200; at += 5) world.fire("a", at, "ann");
  CHECK(world.rows() == 13);  // three times 20 seconds
  world.begin(
      "title: C\ncorrelation: {type: event_count, rules: [b], group-by: [User], timespan: 1m, "
      "condition: {gte: 2}}\n");
  CHECK(world.rows() == 0);
}

TEST_CASE("a long value counts by its digest") {
  CountWorld world;
  const std::string user(100'000, 'x');
  CHECK(world.fire("a", 0, user) == "");
  world.begin();
  CHECK(world.fire("a", 1, user) == "");
  CHECK(world.fire("a", 2, user + "y") == "");
  CHECK(world.fire("a", 3, user) == "Thrice ");
}

TEST_CASE("a row of what correlations count that was damaged is refused") {
  CountWorld world;
  sigma::RuleFile file;
  sigma::read_rules(std::string(base_rules) + std::string(counts), "c.yml", {}, file);
  const auto rules = sigma::compile_rules(std::move(file), {});
  const sigma::Correlator correlator(rules);
  CorrelationRows rows(correlator, rules);
  const auto row =
      *rows.add({{.rule = correlator.rules()[1], .at = {5}, .values = {"ann", "h"}}}).front().value;
  const auto read = decode_observed_turn(row);
  REQUIRE(read);
  CHECK(read->form == correlation_form(correlator, rules));
  REQUIRE(read->observations.size() == 1);
  CHECK(read->observations[0].rule == 1);
  CHECK(read->observations[0].values == std::vector<std::string>{"ann", "h"});
  for (std::size_t cut = 0; cut < row.size(); ++cut) CHECK(!decode_observed_turn(row.substr(0, cut)));
  CHECK(!decode_observed_turn(row + "x"));
}
