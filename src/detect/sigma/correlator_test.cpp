// Correlations: counts in a sliding span of time, by group, edge by edge.
#include "detect/sigma/correlator.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::sigma;

namespace {

constexpr std::string_view base_rules =
    "title: A\nname: a\nlogsource: {product: windows}\ndetection: {s: {X: a}, condition: s}\n---\n"
    "title: B\nname: b\nlogsource: {product: windows}\ndetection: {s: {X: b}, condition: s}\n---\n";

/// A stream in which rules fire, and the correlations that this leads to.
class Stream {
 public:
  explicit Stream(std::string_view correlations) {
    RuleFile file;
    read_rules(std::string(base_rules) + std::string(correlations), "c.yml", {}, file);
    rules_ = compile_rules(std::move(file), {});
    for (const auto& one : rules_.unusable()) FAIL(one.reason);
    correlator_.emplace(rules_);
  }

  /// The rule `name` fires at second `at` for that user and host: titles of the correlations that begin.
  std::vector<std::string> fire(std::string_view name,
                                int at,
                                std::string_view user = "",
                                std::string_view host = "") {
    Record event;
    event.fields = {{.name = "User", .value = user}, {.name = "Host", .value = host}};
    std::vector<std::string> titles;
    for (std::uint32_t i = 0; i < rules_.rules().size(); ++i)
      if (rules_.rules()[i].name == name)
        for (const auto& one : correlator_->take(correlator_->observe(i, event, {seconds(at).us}, 0)))
          titles.push_back(rules_.rules()[one.rule].title);
    return titles;
  }

  const RuleSet& rules() const { return rules_; }

 private:
  RuleSet rules_;
  std::optional<Correlator> correlator_;
};

using Titles = std::vector<std::string>;

}  // namespace

TEST_CASE("event_count counts by group within the timespan, and tells when it begins to hold") {
  Stream stream(
      "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n  timespan: 10s\n"
      "  condition: {gte: 3}\n");
  CHECK(stream.fire("a", 0, "ann").empty());
  CHECK(stream.fire("a", 1, "ann").empty());
  CHECK(stream.fire("a", 2, "bob").empty());
  CHECK(stream.fire("a", 10, "ann") == Titles{"C"});
  CHECK(stream.fire("a", 11, "ann").empty());  // still holds
  CHECK(stream.fire("a", 40, "ann").empty());
  CHECK(stream.fire("a", 41, "ann").empty());
  CHECK(stream.fire("a", 42, "ann") == Titles{"C"});  // ceased, and begins again
}

TEST_CASE("a range is two bounds at once") {
  Stream stream(
      "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 10s\n  condition: {gt: 1, lte: "
      "2}\n");
  CHECK(stream.fire("a", 0).empty());
  CHECK(stream.fire("a", 1) == Titles{"C"});
  CHECK(stream.fire("a", 2).empty());
}

TEST_CASE("value_count counts different values of its field") {
  Stream stream(
      "title: C\ncorrelation:\n  type: value_count\n  rules: [a]\n  group-by: [Host]\n  timespan: 1m\n"
      "  condition: {field: User, gte: 3}\n");
  CHECK(stream.fire("a", 0, "ann", "h").empty());
  CHECK(stream.fire("a", 1, "bob", "h").empty());
  CHECK(stream.fire("a", 2, "bob", "h").empty());
  CHECK(stream.fire("a", 3, "eve", "other").empty());
  CHECK(stream.fire("a", 4, "eve", "h") == Titles{"C"});
}

TEST_CASE("temporal asks for all rules in any order, temporal_ordered in theirs") {
  const auto correlation = [](std::string_view type) {
    return fmt::format(
        "title: C\ncorrelation:\n  type: {}\n  rules: [a, b]\n  group-by: [User]\n  timespan: 10s\n", type);
  };
  Stream any(correlation("temporal"));
  CHECK(any.fire("b", 0, "ann").empty());
  CHECK(any.fire("a", 1, "bob").empty());
  CHECK(any.fire("a", 10, "ann") == Titles{"C"});
  Stream ordered(correlation("temporal_ordered"));
  CHECK(ordered.fire("b", 0, "ann").empty());
  CHECK(ordered.fire("a", 1, "ann").empty());
  CHECK(ordered.fire("b", 2, "ann") == Titles{"C"});
  CHECK(ordered.fire("b", 30, "ann").empty());
}

TEST_CASE("temporal takes an expression over its rules") {
  Stream stream(
      "title: C\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  timespan: 10s\n  condition: a and not "
      "b\n");
  CHECK(stream.fire("a", 0) == Titles{"C"});
  CHECK(stream.fire("b", 1).empty());
}

TEST_CASE("aliases group events by fields of different names") {
  Stream stream(
      "title: C\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  group-by: [who]\n  timespan: 10s\n"
      "  aliases: {who: {a: User, b: Host}}\n");
  CHECK(stream.fire("a", 0, "x", "y").empty());
  CHECK(stream.fire("b", 1, "x", "y").empty());
  CHECK(stream.fire("b", 2, "y", "x") == Titles{"C"});
}

TEST_CASE("a correlation can be about a correlation") {
  Stream stream(
      "title: Many\nname: many\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n  "
      "timespan: 1m\n"
      "  condition: {gte: 2}\n---\n"
      "title: Then\ncorrelation:\n  type: temporal_ordered\n  rules: [many, b]\n  group-by: [User]\n  "
      "timespan: 1h\n");
  CHECK(stream.fire("a", 0, "ann").empty());
  CHECK(stream.fire("a", 1, "ann") == Titles{"Many"});
  CHECK(stream.fire("b", 2, "ann") == Titles{"Then"});
}

TEST_CASE("rules under a correlation report by themselves only when it says so") {
  const std::string correlation =
      "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n";
  const Stream silent(correlation), loud(correlation + "  generate: true\n");
  CHECK_FALSE(silent.rules().reports(0));
  CHECK(silent.rules().reports(1));
  CHECK(loud.rules().reports(0));
}
