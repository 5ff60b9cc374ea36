// How fast may_see decides, uncached, on one core over a million distinct labels of an alliance of 1,532
// organisations in 32 nations; beside it the naive reading that the tests hold it to, and the floor: walking
// the very same rows in the same order and adding them up.
//   policy_bench [LABELS]   default 1,000,000

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "base/random.h"
#include "policy/decide_many.h"
#include "policy/decider_rules.h"
#include "policy/test_world.h"

using namespace shieldwall;
using namespace shieldwall::policy;
using namespace shieldwall::policy::tests;

namespace {

constexpr int organisations = 1'532;
constexpr int nations = 32;
constexpr int circles = 200;
constexpr int exercises = 4;
constexpr int first_member = 1'000;  // clear of '-', who is nobody
constexpr Timestamp now{1'000};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// Best of `rounds`, in CPU seconds.
template <typename Work>
double best(int rounds, Work&& work) {
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_seconds();
    work();
    least = std::min(least, cpu_seconds() - start);
  }
  return least;
}

template <typename T>
void shuffle(std::vector<T>& list, Random& random) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.below(i)]);
}

/// Everything is drawn from one seed: every run measures the same world.
class Alliance {
 public:
  World world;

  Alliance() {
    for (int i = 0; i < organisations; ++i)
      if (!one_in(10))  // companies and partners without a nation
        world.nations[member(i)] = nation_of(static_cast<int>(below(nations)));
    for (int i = 0; i < 120; ++i) world.clients[draw_member()].insert(draw_member());
    world.alliances[alliance_x].versions = {some_members(1'400), some_members(1'470), all_members()};
    for (int i = 0; i < circles; ++i) {
      Group& group = world.circles[circle_of(i)];
      for (std::uint64_t versions = 1 + below(4), v = 0; v < versions; ++v)
        group.versions.push_back(some_members(3 + below(60)));
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Random& random() { return random_; }

  Label label() {
    Label label;
    constexpr Tlp tlps[] = {Tlp::clear, Tlp::green, Tlp::green, Tlp::amber, Tlp::amber, Tlp::amber_strict};
    label.tlp = one_in(30) ? Tlp::red : tlps[below(std::size(tlps))];
    label.pap = static_cast<Pap>(below(4));
    for (std::uint64_t clauses = one_in(8) ? 2 + below(2) : 1; clauses > 0; --clauses)
      label.audience.push_back(clause());
    if (one_in(8))
      for (std::uint64_t needed = 1 + below(2); needed > 0; --needed)
        label.compartments.push_back(compartment(below(20)));
    if (one_in(10))
      label.classification = {static_cast<std::uint16_t>(1 + below(3)), static_cast<std::uint8_t>(below(4))};
    if (one_in(40)) label.realm = exercise(below(exercises));
    if (one_in(10)) label.embargo = {static_cast<std::int64_t>(below(2'000))};
    if (one_in(5)) label.end = {static_cast<std::int64_t>(below(4'000))};
    if (label.tlp == Tlp::red || one_in(50)) label.persons = persons(label);
    return canonical(std::move(label));
  }

  Asker asker() {
    Asker asker{
        .who = draw_member(), .person = std::nullopt, .compartments = {}, .clearances = {}, .exercises = {}};
    if (!one_in(4)) asker.person = person(below(3));
    for (int i = 0; i < 20; ++i)
      if (one_in(4)) asker.compartments.insert(compartment(static_cast<std::uint64_t>(i)));
    for (const int scheme : {1, 2, 3})
      if (one_in(2)) asker.clearances[scheme] = static_cast<int>(below(4));
    if (one_in(4)) asker.exercises.insert(exercise(below(exercises)));
    return asker;
  }

 private:
  static Member member(int number) { return first_member + number; }
  static Nation nation_of(int number) {
    return {{'N', static_cast<char>('A' + number / 26), static_cast<char>('A' + number % 26)}};
  }
  static CircleId circle_of(int number) { return an_id<CircleId>(5'000 + number); }
  static CompartmentId compartment(std::uint64_t n) {
    return an_id<CompartmentId>(6'000 + static_cast<int>(n));
  }
  static Realm exercise(std::uint64_t n) { return an_id<Realm>(7'000 + static_cast<int>(n)); }
  static PersonId person(std::uint64_t n) { return an_id<PersonId>(8'000 + static_cast<int>(n)); }

  Member draw_member() { return member(static_cast<int>(below(organisations))); }
  static std::set<Member> all_members() {
    std::set<Member> all;
    for (int i = 0; i < organisations; ++i) all.insert(member(i));
    return all;
  }
  std::set<Member> some_members(std::size_t count) {
    std::set<Member> some;
    while (some.size() < count) some.insert(draw_member());
    return some;
  }

  /// Of ten: four nations, one both, two lists of organisations, two circles, one the owner alone.
  Clause clause() {
    Clause clause{.owner = organisation(draw_member()), .inside = {}};
    const auto kind = below(10);
    if (kind == 9) return clause;
    if (kind >= 7) {
      const int number = static_cast<int>(below(circles));
      clause.inside = CircleAudience{
          circle_of(number),
          1 + static_cast<std::uint32_t>(below(world.circles[circle_of(number)].versions.size()))};
      return clause;
    }
    AllianceAudience audience{alliance_x, 1 + static_cast<std::uint32_t>(below(3)), {}, {}};
    if (kind <= 4)
      for (std::uint64_t named = 1 + below(10); named > 0; --named)
        audience.nations.push_back(nation_of(static_cast<int>(below(nations))));
    if (kind >= 4)
      for (std::uint64_t named = 1 + below(one_in(10) ? 200 : 20); named > 0; --named)
        audience.organisations.push_back(organisation(draw_member()));
    clause.inside = std::move(audience);
    return clause;
  }

  std::vector<PersonKey> persons(const Label& label) {
    std::vector<PersonKey> named;
    for (std::uint64_t i = 1 + below(5); i > 0; --i)
      named.push_back({organisation(draw_member()), person(below(3))});
    for (const Clause& of : label.audience) named.push_back({of.owner, person(0)});
    return named;
  }

  SeededRandom random_{42};
};

/// A million holdings, each under a label of its own.
struct Holdings {
  LabelTable table;
  std::vector<Label> labels;
  std::vector<LabelId> ids;  // of each holding
  std::vector<LabelColumns> columns;

  Holdings(Alliance& alliance, std::size_t count) {
    labels.reserve(count);
    while (labels.size() < count) {
      Label label = alliance.label();
      const LabelId id = table.intern(label);
      if (id != labels.size()) continue;  // known already: every label counts once
      ids.push_back(id);
      labels.push_back(std::move(label));
    }
    read_columns();
  }

  /// Holdings in another order, each with its columns: rows are walked one by one, labels lie where they lie.
  void reorder(Random& random) {
    shuffle(ids, random);
    read_columns();
  }

 private:
  void read_columns() {
    columns.clear();
    for (const LabelId id : ids) columns.push_back(LabelColumns::of(labels[id]));
  }
};

double told(const char* what, double decisions, double seconds) {
  std::printf(
      "%-58s %10.2f million/s %9.1f ns\n", what, decisions / seconds / 1e6, seconds / decisions * 1e9);
  return decisions / seconds;
}

struct Measured {
  double decided = 0;       // per second, one at a time
  double decided_many = 0;  // per second, by decide_many
  double floor = 0;
  std::size_t seen = 0;
};

/// Decides every holding once, for each scope in turn.
Measured measure(const char* order_name, const std::vector<Scope>& scopes, const Holdings& all) {
  Measured measured;
  const auto decisions = static_cast<double>(all.ids.size() * scopes.size());
  std::vector<Decider> deciders;
  for (const Scope& scope : scopes) deciders.emplace_back(scope, all.table);
  const double took = best(3, [&] {
    measured.seen = 0;
    for (const Decider& decider : deciders)
      for (std::size_t i = 0; i < all.ids.size(); ++i)
        measured.seen += decider.may_see(all.ids[i], all.columns[i], now) ? 1 : 0;
  });
  measured.decided = told(fmt::format("may_see, uncached, labels {}", order_name).c_str(), decisions, took);
  const auto seen = std::make_unique<bool[]>(all.ids.size());
  const double many = best(3, [&] {
    for (const Decider& decider : deciders)
      decide_many(decider, all.ids, all.columns, now, {seen.get(), all.ids.size()});
  });
  measured.decided_many =
      told(fmt::format("  many at a time, uncached, labels {}", order_name).c_str(), decisions, many);
  std::uint64_t sum = 0;
  const double walked = best(3, [&] {
    for (std::size_t i = 0; i < scopes.size(); ++i) sum += Internals::sum(all.table, all.ids, all.columns);
  });
  measured.floor =
      told(fmt::format("  floor: the same rows {}, added up", order_name).c_str(), decisions, walked);
  std::printf("  seen %.1f %% of pairs; %.2f times the floor's time (sum %llx)\n",
              100.0 * static_cast<double>(measured.seen) / decisions,
              took / walked,
              static_cast<unsigned long long>(sum));
  return measured;
}

/// The naive reading and the plain rules on the same pairs. Exits when any two disagree.
void compare(const Alliance& alliance,
             const std::vector<Asker>& askers,
             const std::vector<Scope>& scopes,
             const Holdings& all) {
  constexpr std::size_t naive_pairs = 4'000;
  std::size_t pairs = 0;
  std::size_t naive_seen = 0;
  const double naive = best(1, [&] {
    for (std::size_t i = 0; i < naive_pairs; ++i) {
      const LabelId id = all.ids[i % all.ids.size()];
      naive_seen += naive_may_see(alliance.world, askers[i % askers.size()], all.labels[id], now) ? 1 : 0;
      ++pairs;
    }
  });
  told("naive reading of the tests", static_cast<double>(pairs), naive);
  const double plain = best(3, [&] {
    for (const Scope& scope : scopes)
      for (std::size_t i = 0; i < all.ids.size() / 10; ++i)
        naive_seen += scope.sees(all.labels[all.ids[i]], now) ? 1 : 0;
  });
  told("plain rules over labels as values, at random",
       static_cast<double>(all.ids.size() / 10 * scopes.size()),
       plain);
  for (std::size_t i = 0; i < naive_pairs; ++i) {
    const LabelId id = all.ids[i % all.ids.size()];
    const Decider decider(scopes[i % scopes.size()], all.table);
    if (naive_may_see(alliance.world, askers[i % askers.size()], all.labels[id], now) !=
        decider.may_see(id, all.columns[i % all.ids.size()], now)) {
      std::printf("the decision differs from the naive reading at label %u\n", id);
      std::exit(1);
    }
  }
}

void measure_bitmap(const std::vector<Scope>& scopes, const Holdings& all) {
  const double built = best(3, [&] {
    for (const Scope& scope : scopes)
      if (VisibleLabels(scope, all.table, now).size() != all.labels.size()) std::exit(1);
  });
  told("visible-label bitmap built, labels", static_cast<double>(all.labels.size() * scopes.size()), built);
  const VisibleLabels visible(scopes.front(), all.table, now);
  std::size_t seen = 0;
  const double asked = best(3, [&] {
    for (std::size_t i = 0; i < all.ids.size(); ++i)
      seen += visible.sees(all.ids[i], all.columns[i], now) ? 1 : 0;
  });
  told("may_see through the bitmap, at random", static_cast<double>(all.ids.size()), asked);
  if (seen == 0) std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::size_t>(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
  constexpr double target = 5e6;
  Alliance alliance;
  const double start = cpu_seconds();
  Holdings all(alliance, count);
  std::printf("%zu distinct labels, %d organisations, %d nations, %d circles; made and interned in %.1f s\n",
              all.labels.size(),
              organisations,
              nations,
              circles,
              cpu_seconds() - start);
  std::vector<Asker> askers;
  std::vector<Scope> scopes;
  for (int i = 0; i < 4; ++i) {
    askers.push_back(alliance.asker());
    scopes.push_back(Scope::of(subject_of(alliance.world, askers.back())));
  }
  measure("in order", scopes, all);
  all.reorder(alliance.random());
  const Measured random = measure("at random", scopes, all);
  compare(alliance, askers, scopes, all);
  measure_bitmap(scopes, all);
  const double reached = std::max(random.decided, random.decided_many);
  std::printf("target %.0f million/s at random: one at a time %s, many at a time %s\n",
              target / 1e6,
              random.decided >= target ? "reached" : "MISSED",
              random.decided_many >= target ? "reached" : "MISSED");
  return reached >= target ? 0 : 1;
}
