// The decision against a second, naive reading (test_world.h), and the tests against seeded defects.

#include <array>
#include <memory>
#include <utility>

#include <doctest/doctest.h>

#include "policy/decide_many.h"
#include "policy/decider_rules.h"
#include "policy/label_json.h"
#include "policy/test_world.h"
#include "test_size.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

const PersonId pat = an_id<PersonId>(70);
const PersonId nobody{};
const CompartmentId red_team = an_id<CompartmentId>(80);
const CompartmentId grid = an_id<CompartmentId>(81);
const Realm locked = an_id<Realm>(90);
const Realm shields = an_id<Realm>(91);

Clause clause(char owner, std::variant<std::monostate, AllianceAudience, CircleAudience> inside = {}) {
  return {.owner = organisation(owner), .inside = std::move(inside)};
}
AllianceAudience of_x(std::uint32_t version, std::vector<Nation> nations, const std::string& members = "") {
  AllianceAudience audience{
      .alliance = alliance_x, .roster_version = version, .nations = std::move(nations), .organisations = {}};
  for (const char member : members) audience.organisations.push_back(organisation(member));
  return audience;
}

std::vector<Clause> all_clauses() {
  const Nation aaa = nation("AAA");
  const Nation bbb = nation("BBB");
  std::vector<Clause> clauses;
  for (const char owner : {'A', 'B'}) {
    clauses.push_back(clause(owner));
    for (const std::uint32_t version : {1u, 2u, 3u, 9u}) {
      clauses.push_back(clause(owner, of_x(version, {bbb})));
      clauses.push_back(clause(owner, of_x(version, {}, "CE")));
    }
    clauses.push_back(clause(owner, of_x(2, {aaa, bbb}, "CEF")));
    clauses.push_back(clause(owner, of_x(1, {Nation{}}, "F")));  // hand-made: no nation has that code
    clauses.push_back(clause(owner, AllianceAudience{alliance_y, 2, {aaa, bbb}, {organisation('B')}}));
    for (const std::uint32_t version : {1u, 2u}) {
      clauses.push_back(clause(owner, CircleAudience{circle_p, version}));
      clauses.push_back(clause(owner, CircleAudience{circle_q, version}));
    }
  }
  clauses.push_back(clause('-'));
  return clauses;
}

/// No clause, each alone, each pair.
std::vector<std::vector<Clause>> all_audiences() {
  const auto clauses = all_clauses();
  std::vector<std::vector<Clause>> audiences = {{}};
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    audiences.push_back({clauses[i]});
    for (std::size_t j = i + 1; j < clauses.size(); ++j) audiences.push_back({clauses[i], clauses[j]});
  }
  for (auto& audience : audiences) std::sort(audience.begin(), audience.end());
  return audiences;
}

struct Instants {
  Timestamp embargo;
  Timestamp end;
};

/// Every combination of the values that the rules tell apart, numbered.
class Cases {
 public:
  const World world = small_world();
  const std::vector<std::vector<Clause>> audiences = all_audiences();

  std::uint64_t size() const { return label_count() * asker_count() * nows.size(); }
  std::uint64_t label_count() const {
    return audiences.size() * tlps.size() * persons.size() * compartments.size() * levels.size() *
           instants.size() * realms.size();
  }
  std::uint64_t asker_count() const {
    return askers.size() * asker_persons.size() * held.size() * clearances.size() * exercises.size();
  }

  Label label(std::uint64_t n) const {
    Label label;
    label.audience = take(n, audiences);
    label.tlp = take(n, tlps);
    label.persons = take(n, persons);
    label.compartments = take(n, compartments);
    label.classification = take(n, levels);
    const Instants of = take(n, instants);
    label.embargo = of.embargo;
    label.end = of.end;
    label.realm = take(n, realms);
    return label;
  }
  Asker asker(std::uint64_t n) const {
    Asker asker;
    asker.who = take(n, askers);
    asker.person = take(n, asker_persons);
    asker.compartments = take(n, held);
    asker.clearances = take(n, clearances);
    asker.exercises = take(n, exercises);
    return asker;
  }

  const std::vector<Tlp> tlps = {Tlp::clear, Tlp::amber, Tlp::amber_strict, Tlp::red, Tlp::green};
  const std::vector<std::optional<std::vector<PersonKey>>> persons = {
      std::nullopt,
      std::vector<PersonKey>{},
      std::vector<PersonKey>{{organisation('B'), pat}, {organisation('C'), pat}, {organisation('D'), pat}},
      std::vector<PersonKey>{
          {organisation('B'), nobody}, {organisation('C'), nobody}, {organisation('C'), pat}}};
  const std::vector<std::vector<CompartmentId>> compartments = {{}, {grid}, {red_team, grid}};
  const std::vector<Classification> levels = {{0, 0}, {1, 2}, {2, 1}, classification_beyond_all};
  const std::vector<Instants> instants = {{Timestamp::always(), Timestamp::never()},
                                          {{10}, Timestamp::never()},
                                          {Timestamp::always(), {20}},
                                          {{10}, {20}}};
  const std::vector<Realm> realms = {Realm{}, locked};
  const std::vector<char> askers = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', '-'};
  const std::vector<std::optional<PersonId>> asker_persons = {std::nullopt, pat, nobody};
  const std::vector<std::set<CompartmentId>> held = {{}, {grid}, {red_team, grid}};
  const std::vector<std::map<int, int>> clearances = {{}, {{1, 1}, {2, 1}}, {{1, 3}, {0xffff, 0xff}}};
  const std::vector<std::set<Realm>> exercises = {{}, {locked}, {shields}};
  const std::vector<Timestamp> nows = {{9}, {10}, {19}, {20}};

 private:
  template <typename T>
  static const T& take(std::uint64_t& n, const std::vector<T>& values) {
    const T& value = values[n % values.size()];
    n /= values.size();
    return value;
  }
};

std::string told(const Asker& asker, const Label& label, Timestamp now) {
  return fmt::format("organisation {} person {} at {}: {}",
                     static_cast<char>(asker.who),
                     asker.person.value_or(nobody).text(),
                     now.us,
                     label_json(label));
}

/// Numbers below `size`, the same in every run.
class Shuffled {
 public:
  Shuffled(std::uint64_t size, std::uint64_t seed) : size_(size), state_(seed) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % size_;
  }

 private:
  std::uint64_t size_;
  std::uint64_t state_;
};

using MaySee = bool (*)(const Subject&, const Label&, Timestamp);

/// Compares `count` pairs with the naive reading; the first difference, or nothing.
std::optional<std::string> difference(const Cases& cases,
                                      MaySee decide,
                                      std::int64_t count,
                                      std::uint64_t seed) {
  Shuffled labels(cases.label_count(), seed);
  Shuffled askers(cases.asker_count(), ~seed);
  std::int64_t seen = 0;
  std::int64_t done = 0;
  while (done < count) {
    const Asker asker = cases.asker(askers.next());
    const Subject subject = subject_of(cases.world, asker);
    for (int i = 0; i < 64; ++i) {
      const std::uint64_t n = labels.next();
      const Label label = cases.label(n);
      for (const Timestamp now : cases.nows) {
        const bool expected = naive_may_see(cases.world, asker, label, now);
        if (decide(subject, label, now) != expected) return told(asker, label, now);
        seen += expected ? 1 : 0;
        ++done;
      }
    }
  }
  if (seen * 1000 < done) return "hardly anything is visible: the comparison says nothing";
  return std::nullopt;
}

template <std::size_t... rules>
constexpr std::array<MaySee, sizeof...(rules)> decisions(std::index_sequence<rules...>) {
  return {&Decision<static_cast<Rule>(rules)>::may_see...};
}

constexpr auto without_rule = decisions(std::make_index_sequence<rule_count>());

}  // namespace

TEST_CASE("may_see decides as the naive reading does") {
  const Cases cases;
  const auto found = difference(cases, &may_see, shieldwall::tests::test_size("may_see_pairs"), 1);
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("may_see decides as the naive reading for every pair of a smaller world") {
  // Each audience with each TLP, and each asker, the rest at values that let pass.
  const Cases cases;
  std::vector<std::pair<Asker, Subject>> askers;
  for (const char who : cases.askers)
    for (const auto& person : cases.asker_persons) {
      const Asker asker{.who = who, .person = person, .compartments = {}, .clearances = {}, .exercises = {}};
      askers.emplace_back(asker, subject_of(cases.world, asker));
    }
  const auto step = static_cast<std::size_t>(shieldwall::tests::test_size("may_see_every"));
  std::int64_t pairs = 0;
  for (std::size_t i = 0; i < cases.audiences.size(); i += step) {
    for (const Tlp tlp : cases.tlps) {
      for (const auto& persons : cases.persons) {
        Label label;
        label.audience = cases.audiences[i];
        label.tlp = tlp;
        label.persons = persons;
        for (const auto& [asker, subject] : askers) {
          const bool expected = naive_may_see(cases.world, asker, label, {0});
          if (may_see(subject, label, {0}) != expected) FAIL(told(asker, label, {0}));
          ++pairs;
        }
      }
    }
  }
  MESSAGE(pairs << " pairs");
}

TEST_CASE("each rule taken out of may_see is noticed") {
  const Cases cases;
  for (int rule = 1; rule < rule_count; ++rule)
    CHECK_MESSAGE(difference(cases, without_rule[static_cast<std::size_t>(rule)], 400'000, 7), "rule ", rule);
}

namespace {

using CompiledMaySee = bool (*)(const Decider&, LabelId, const LabelColumns&, Timestamp);

/// The compiled decision against the plain one, for labels interned after the decider was made and after its
/// copy of visible labels was; the first difference, or nothing.
std::optional<std::string> compiled_difference(
    const Cases& cases, CompiledMaySee decide, std::int64_t count, std::uint64_t seed, bool asks_visible) {
  LabelTable table;
  Shuffled labels(cases.label_count(), seed);
  Shuffled askers(cases.asker_count(), ~seed);
  for (std::int64_t done = 0; done < count;) {
    if (table.size() > 500) table = LabelTable();
    const Asker asker = cases.asker(askers.next());
    const Scope scope = Scope::of(subject_of(cases.world, asker));
    const Decider decider(scope, table);
    VisibleLabels visible(scope, table, {0});
    for (int i = 0; i < 48; ++i) {
      const std::uint64_t n = labels.next();
      const Label label = cases.label(n);
      const LabelId id = table.intern(label);
      if (asks_visible) visible.extend();
      const auto columns = LabelColumns::of(label);
      for (const Timestamp now : cases.nows) {
        const bool expected = may_see(scope.subject(), label, now);
        ++done;
        if (decide(decider, id, columns, now) != expected) return told(asker, label, now);
        if (!asks_visible) continue;
        if (visible.sees(id, columns, now) != expected) return "visible: " + told(asker, label, now);
        if (expected && !visible.test(id)) return "test: " + told(asker, label, now);
      }
    }
  }
  return std::nullopt;
}

template <std::size_t... rules>
constexpr std::array<CompiledMaySee, sizeof...(rules)> compiled(std::index_sequence<rules...>) {
  return {&Internals::may_see<static_cast<Rule>(rules)>...};
}

constexpr auto compiled_without = compiled(std::make_index_sequence<rule_count>());

/// Rules that the compiled form keeps by its making: its numbers of groups and nations cannot be confused.
bool is_structural(Rule rule) {
  return rule == Rule::same_alliance || rule == Rule::same_circle || rule == Rule::nation_known;
}

}  // namespace

TEST_CASE("the compiled decision is the plain one") {
  const Cases cases;
  const auto count = shieldwall::tests::test_size("may_see_pairs");
  const auto found = compiled_difference(cases, compiled_without[0], count / 2, 5, true);
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("many decided at once are each decided as alone, also for labels that are not known") {
  const Cases cases;
  LabelTable table;
  Shuffled labels(cases.label_count(), 13);
  Shuffled askers(cases.asker_count(), 14);
  std::vector<Label> held;
  std::vector<LabelId> ids;
  for (int i = 0; i < 3'000; ++i) {
    held.push_back(cases.label(labels.next()));
    ids.push_back(table.intern(held.back()));
  }
  std::vector<LabelColumns> columns;
  for (const Label& label : held) columns.push_back(LabelColumns::of(label));
  ids.push_back(static_cast<LabelId>(table.size()));
  columns.emplace_back();
  int all_seen = 0;
  for (int asked = 0; asked < 40; ++asked) {
    const Decider decider(Scope::of(subject_of(cases.world, cases.asker(askers.next()))), table);
    const auto seen = std::make_unique<bool[]>(ids.size());
    decide_many(decider, ids, columns, {12}, {seen.get(), ids.size()});
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (seen[i] != decider.may_see(ids[i], columns[i], {12})) FAIL("holding " << i);
      all_seen += seen[i] ? 1 : 0;
    }
    CHECK_FALSE(seen[ids.size() - 1]);
  }
  CHECK(all_seen > 100);
}

TEST_CASE("each rule taken out of the compiled decision is noticed") {
  const Cases cases;
  for (int rule = 1; rule < rule_count; ++rule) {
    if (is_structural(static_cast<Rule>(rule))) continue;
    CHECK_MESSAGE(
        compiled_difference(cases, compiled_without[static_cast<std::size_t>(rule)], 400'000, 11, false),
        "rule ",
        rule);
  }
}

TEST_CASE("labels that do not fit the compiled form are decided by the plain rules") {
  // 300 nations, 70 compartments, five clauses: each more than the form holds.
  LabelTable table;
  const World world = small_world();
  const Asker asker{
      .who = 'B', .person = std::nullopt, .compartments = {}, .clearances = {}, .exercises = {}};
  Subject subject = subject_of(world, asker);
  for (int i = 0; i < 70; ++i) subject.compartments.push_back(an_id<CompartmentId>(200 + i));
  const Scope scope = Scope::of(subject);
  std::vector<Nation> nations;
  for (int i = 0; i < 300; ++i)
    nations.push_back({{static_cast<char>('A' + i / 26), static_cast<char>('A' + i % 26), 'Q'}});
  Label many_nations;
  many_nations.audience = {clause('A', of_x(1, nations))};
  Label with_ours = many_nations;
  std::get<AllianceAudience>(with_ours.audience[0].inside).nations.push_back(nation("BBB"));
  with_ours = canonical(with_ours);
  Label compartments = with_ours;
  compartments.compartments = subject.compartments;
  Label one_more = compartments;
  one_more.compartments.push_back(an_id<CompartmentId>(400));
  Label clauses;
  for (const char owner : {'C', 'D', 'E', 'F', 'G'})
    clauses.audience.push_back(clause(owner, of_x(1, {nation("BBB")})));
  Label stranger = clauses;
  stranger.audience.push_back(clause('H'));
  for (const Label& label : {many_nations, with_ours, compartments, one_more, clauses, stranger}) {
    const LabelId id = table.intern(label);
    const Decider decider(scope, table);
    CHECK(decider.may_see(id, {}, {0}) == scope.sees(label, {0}));
  }
  CHECK_FALSE(scope.sees(many_nations, {0}));
  CHECK(scope.sees(with_ours, {0}));
  CHECK(scope.sees(compartments, {0}));
  CHECK_FALSE(scope.sees(one_more, {0}));
  CHECK(scope.sees(clauses, {0}));
  CHECK_FALSE(scope.sees(stranger, {0}));
}

}  // namespace shieldwall::policy
