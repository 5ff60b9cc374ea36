#pragma once
// Random labels of a small world, for properties. For tests.

#include <algorithm>

#include "base/random.h"
#include "policy/label.h"
#include "policy/test_world.h"

namespace shieldwall::policy::tests {

inline const CompartmentId compartments[] = {an_id<CompartmentId>(80), an_id<CompartmentId>(81)};
inline const Realm exercise = an_id<Realm>(90);
inline const PersonId pat = an_id<PersonId>(70);

/// Draws small values; the same seed gives the same labels.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  char letter() { return static_cast<char>('A' + below(8)); }
  std::uint32_t version() { return static_cast<std::uint32_t>(1 + below(4)); }

  Clause clause() {
    Clause clause{.owner = organisation(static_cast<char>('A' + below(3))), .inside = {}};
    switch (below(4)) {
      case 0:
        break;
      case 1:
        clause.inside = CircleAudience{one_in(3) ? circle_q : circle_p, version()};
        break;
      default: {
        AllianceAudience audience{one_in(4) ? alliance_y : alliance_x, version(), {}, {}};
        for (const char* code : {"AAA", "BBB", "CCC"})
          if (one_in(2)) audience.nations.push_back(nation(code));
        for (char letter = 'A'; letter <= 'H'; ++letter)
          if (one_in(4)) audience.organisations.push_back(organisation(letter));
        clause.inside = std::move(audience);
      }
    }
    return clause;
  }

  std::optional<std::vector<PersonKey>> persons() {
    if (!one_in(4)) return std::nullopt;
    std::vector<PersonKey> persons;
    for (char letter = 'A'; letter <= 'H'; ++letter)
      if (one_in(2)) persons.push_back({organisation(letter), one_in(2) ? pat : PersonId{}});
    return persons;
  }

  Classification level() {
    if (!one_in(4)) return {};
    return one_in(8) ? classification_beyond_all
                     : Classification{static_cast<std::uint16_t>(1 + below(2)),
                                      static_cast<std::uint8_t>(below(4))};
  }

  Label label(Realm realm = {}) {
    Label label;
    label.tlp = static_cast<Tlp>(below(5));
    label.pap = static_cast<Pap>(below(4));
    for (Use* use :
         {&label.use.notify_affected, &label.use.attribute, &label.use.resell, &label.use.regulate})
      *use = one_in(3) ? Use::must_not : Use::may;
    label.classification = level();
    const auto clauses = one_in(16) ? 0 : 1 + below(2);
    for (std::uint64_t i = 0; i < clauses; ++i) label.audience.push_back(clause());
    for (const CompartmentId& compartment : compartments)
      if (one_in(6)) label.compartments.push_back(compartment);
    label.originator_control = one_in(3);
    label.discoverable = !one_in(3);
    label.realm = realm;
    label.persons = persons();
    if (one_in(4)) label.embargo = {static_cast<std::int64_t>(below(20))};
    if (one_in(4)) label.end = {static_cast<std::int64_t>(10 + below(20))};
    return canonical(label);
  }

  Asker asker() {
    Asker asker{
        .who = letter(), .person = std::nullopt, .compartments = {}, .clearances = {}, .exercises = {}};
    if (!one_in(3)) asker.person = pat;
    for (const CompartmentId& compartment : compartments)
      if (!one_in(3)) asker.compartments.insert(compartment);
    for (const int scheme : {1, 2})
      if (!one_in(3)) asker.clearances[scheme] = static_cast<int>(below(4));
    if (one_in(2)) asker.exercises.insert(exercise);
    return asker;
  }

 private:
  SeededRandom random_;
};

}  // namespace shieldwall::policy::tests
