// Reading rules: YAML and its limits, modifiers, conditions, what is refused and why.
#include <doctest/doctest.h>

#include "detect/sigma/rule_set.h"
#include "detect/sigma/yaml.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect::sigma;

namespace {

std::string rule_of(std::string_view detection) {
  return fmt::format(
      "title: A rule\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n{}",
      detection);
}

/// Why a rule with this detection is not used; empty when it is.
std::string refusal(std::string_view detection) {
  RuleFile file;
  read_rules(rule_of(detection), "rule.yml", {}, file);
  const auto set = compile_rules(std::move(file), {});
  return set.unusable().empty() ? "" : set.unusable().front().reason;
}

bool says(const std::string& text, std::string_view part) {
  const bool does = text.contains(part);
  if (!does) MESSAGE("it says: " << text);
  return does;
}

}  // namespace

TEST_CASE("YAML keeps the order of keys, tells quoted from plain and counts lines") {
  const auto documents = read_yaml("b: 1\na: '1'\n---\n- x\n- ~\n");
  REQUIRE(documents);
  REQUIRE(documents->size() == 2);
  const Yaml& map = documents->front();
  CHECK(map.keys == std::vector<std::string>{"b", "a"});
  CHECK_FALSE(map.items[0].quoted);
  CHECK(map.items[1].quoted);
  CHECK(map.items[1].line == 2);
  CHECK(documents->back().items[1].is(YamlKind::null));
}

TEST_CASE("YAML that is a bomb, too deep or ambiguous is refused with the reason") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c)
    bomb += fmt::format(
        "{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", c, static_cast<char>(c - 1));
  CHECK(says(read_yaml(bomb).error().message, "more than 400000 values"));
  CHECK(
      says(read_yaml("a: " + std::string(100, '[') + std::string(100, ']')).error().message, "nests deeper"));
  CHECK(says(read_yaml("a: 1\na: 2\n").error().message, "stands twice"));
  CHECK(says(read_yaml("? [a]\n: b\n").error().message, "a key is a list"));
  CHECK(says(read_yaml("a: \xFF\n").error().message, "UTF-8"));
  CHECK(says(read_yaml("a: [1\n").error().message, "line"));
}

TEST_CASE("every document of a file is a rule, and one that is off does not stop the others") {
  RuleFile file;
  const auto one = rule_of("  s: {Image: a}\n  condition: s\n");
  read_rules(one + "---\n" + one + "level: loud\n---\n" + one, "many.yml", {}, file);
  CHECK(file.rules.size() == 2);
  REQUIRE(file.unusable.size() == 1);
  CHECK(says(file.unusable.front().reason, "'loud' is none of"));
  CHECK(file.unusable.front().origin.starts_with("many.yml:"));
}

TEST_CASE("a rule that cannot be used says why") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"  s: {Image|sounds: a}\n  condition: s\n", "no modifier is called 'sounds'"},
      {"  s: {Image|cidr: a}\n  condition: s\n", "'a' is not a network"},
      {"  s: {Size|lt: many}\n  condition: s\n", "'many' is not a number"},
      {"  s: {Image|re: '(?=a)b'}\n  condition: s\n", "look-around"},
      {"  s: {Image|re: '((((a{900}){900}){900}){900}'}\n  condition: s\n", "cannot be used"},
      {"  s: {Image|re: '(a|b){1000}(c|d){1000}(((x{30}){30}){30})'}\n  condition: s\n", "cannot be used"},
      {"  s: {Image|i: a}\n  condition: s\n", "goes with 're' only"},
      {"  s: {Image|contains|base64: a}\n  condition: s\n", "cannot encode wildcards"},
      {"  s: {Image: {a: b}}\n  condition: s\n", "a list or a map of its own"},
      {"  s: {Image: []}\n  condition: s\n", "an empty list"},
      {"  s: {Image: a}\n  condition: t\n", "no search is called 't'"},
      {"  s: {Image: a}\n  condition: 1 of t*\n", "no search is called 't*'"},
      {"  s: {Image: a}\n  condition: 2 of s*\n", "only '1 of' and 'all of'"},
      {"  s: {Image: a}\n  condition: s | count() > 5\n", "'and' or 'or' is missing"},
      {"  s: {Image: a}\n  condition: (s\n", "a ) is missing"},
      {"  s: {Image: a}\n  condition: s)\n", "closes nothing"},
      {"  s: {Image: a}\n  condition: s s\n", "'and' or 'or' is missing"},
      {"  s: {Image: a}\n  condition: s and\n", "ends where a name"},
      {"  s: {Image: a}\n", "condition: is missing"},
      {"  condition: s\n", "has no searches"},
  };
  for (const auto& [detection, reason] : cases) CHECK(says(refusal(detection), reason));
}

TEST_CASE("hostile conditions are refused before they cost time") {
  std::string many = "  s: {Image: a}\n  condition: s";
  for (int i = 0; i < 100'000; ++i) many += " or s";
  CHECK(says(refusal(many), "longer than"));
  many.resize(60'000);
  many.resize(many.rfind(" or"));
  CHECK(says(refusal(many), "more than 4000 terms"));
  const auto nested =
      "  s: {Image: a}\n  condition: " + std::string(1000, '(') + "s" + std::string(1000, ')') + "\n";
  CHECK(says(refusal(nested), "nest deeper than 64"));
  std::string nots = "  s: {Image: a}\n  condition: ";
  for (int i = 0; i < 10'000; ++i) nots += "not ";
  CHECK(says(refusal(nots + "s\n"), "more than 4000 terms"));
}

TEST_CASE("a list of very many values is a rule like any other") {
  const auto count = tests::test_size("sigma_values");
  std::string many = "  s:\n    Image:\n";
  for (std::int64_t i = 0; i < count; ++i) many += fmt::format("      - 'value {}'\n", i);
  CHECK(refusal(many + "  condition: s\n") == "");
}

TEST_CASE("a rule that would match everything waits for approval") {
  for (const std::string_view detection : {"  s: {Image: '*'}\n  condition: s\n",
                                           "  s: {Image|contains: ''}\n  condition: s\n",
                                           "  s: {Image|re: '.*'}\n  condition: s\n",
                                           "  s: {SourceIp|cidr: 0.0.0.0/0}\n  condition: s\n",
                                           "  s: {SourceIp|cidr: '::/0'}\n  condition: s\n",
                                           "  s: {Image: a}\n  condition: s or not s\n"})
    CHECK(says(refusal(detection), "held for approval"));
  CHECK(refusal("  s: {Image: '*'}\n  f: {Image: a}\n  condition: s and not f\n") == "");
  RuleFile file;
  read_rules("id: 1\n" + rule_of("  s: {Image: '*'}\n  condition: s\n"), "rule.yml", {}, file);
  const std::string approved[] = {"1"};
  CHECK(compile_rules(std::move(file), {.approved = approved}).rules().size() == 1);
}

TEST_CASE("a placeholder without values is told, one with values is filled in") {
  RuleFile file;
  read_rules(rule_of("  s: {User|expand: '%nobody%'}\n  condition: s\n"), "rule.yml", {}, file);
  REQUIRE(file.rules.size() == 1);
  REQUIRE(file.rules.front().notes.size() == 1);
  CHECK(says(file.rules.front().notes.front(), "%nobody% has no values"));

  struct Two final : Placeholders {
    std::optional<std::vector<std::string>> values(std::string_view) const override {
      return std::vector<std::string>{"ann", "bob*"};
    }
  } two;
  RuleFile filled;
  read_rules(rule_of("  s: {User|expand: 'x\\%%who%'}\n  condition: s\n"),
             "rule.yml",
             {.placeholders = &two},
             filled);
  REQUIRE(filled.rules.size() == 1);
  const auto& tests = filled.rules.front().searches.front().any_of.front().front().values.front();
  REQUIRE(tests.size() == 2);
  CHECK(tests[0].glob == read_glob("x%ann"));
  CHECK(tests[1].glob == read_glob("x%bob*"));
}

TEST_CASE("a correlation with a rule that is missing, or in a circle, is listed with its reason") {
  const auto correlation = [](std::string_view id, std::string_view about) {
    return fmt::format(
        "title: C\nid: {}\ncorrelation:\n  type: event_count\n  rules: [{}]\n  timespan: 1h\n  condition: "
        "{{gte: 2}}\n",
        id,
        about);
  };
  RuleFile file;
  read_rules(correlation("a", "b") + "---\n" + correlation("b", "a") + "---\n" + correlation("c", "gone"),
             "c.yml",
             {},
             file);
  const auto set = compile_rules(std::move(file), {});
  CHECK(set.rules().empty());
  REQUIRE(set.unusable().size() == 3);
  CHECK(says(set.unusable()[0].reason, "in turn"));
  CHECK(says(set.unusable()[2].reason, "'gone' was not read"));
}

TEST_CASE("two rules with one id: the first is used, the second listed") {
  RuleFile file;
  const auto one = "id: same\n" + rule_of("  s: {Image: a}\n  condition: s\n");
  read_rules(one + "---\n" + one, "twice.yml", {}, file);
  const auto set = compile_rules(std::move(file), {});
  CHECK(set.rules().size() == 1);
  REQUIRE(set.unusable().size() == 1);
  CHECK(says(set.unusable().front().reason, "stands before in twice.yml:1"));
}
