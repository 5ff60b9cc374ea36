#include "policy/subject.h"

#include "policy/decision.h"

namespace shieldwall::policy {

bool may_see(const Subject& subject, const Label& label, Timestamp now) {
  return Decision<Rule::none>::may_see(subject, label, now);
}

bool owns_every_clause(const Subject& subject, const Label& label) {
  return Decision<Rule::none>::owns(subject, label);
}

Subject sorted(Subject subject) {
  const auto sort_standing = [](Standing& standing) {
    for (auto& alliance : standing.alliances) std::sort(alliance.stays.begin(), alliance.stays.end());
    for (auto& circle : standing.circles) std::sort(circle.stays.begin(), circle.stays.end());
    std::sort(standing.alliances.begin(), standing.alliances.end());
    std::sort(standing.circles.begin(), standing.circles.end());
  };
  sort_standing(subject.own);
  for (Standing& patron : subject.patrons) sort_standing(patron);
  std::sort(subject.patrons.begin(), subject.patrons.end());
  std::sort(subject.compartments.begin(), subject.compartments.end());
  std::sort(subject.clearances.begin(), subject.clearances.end());
  std::sort(subject.exercises.begin(), subject.exercises.end());
  return subject;
}

}  // namespace shieldwall::policy
