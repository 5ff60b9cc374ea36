#pragma once
// may_see rule by rule, so that tests can leave out one and must then see a difference. Internal: everybody
// else asks may_see.

#include <algorithm>
#include <cstdint>

#include "policy/scope.h"

namespace shieldwall::policy {

/// The rules of the decision, each able only to remove viewers.
enum class Rule : std::uint8_t {
  none,
  somebody_asks,        // a subject without an organisation sees nothing
  realm,                // the label's realm is the operation or an exercise of the subject
  somebody_named,       // a label without clauses lets nobody pass
  own_every_clause,     // an owner passes the other rules only where it owns every clause
  every_clause,         // all clauses hold, not just one
  same_alliance,        // inside the alliance that the clause names
  named_in_alliance,    // by nation or by organisation
  nation_known,         // a member without a nation is in none
  same_circle,          // inside the circle that the clause names
  inside_then,          // at the version the label was made for
  inside_now,           // and still
  version_known,        // nobody is inside at a version this node has not heard of
  clients_up_to_amber,  // clients of an audience organisation are removed by TLP:AMBER+STRICT
  red_names_persons,    // TLP:RED without a list of persons names nobody
  person_named,         // a list of persons names the subject
  compartments,         // all of them held
  level_comparable,     // a level no scheme can compare is reached by no clearance
  clearance,            // for the label's scheme, up to its ordinal
  embargo,
  end,
};
inline constexpr int rule_count = static_cast<int>(Rule::end) + 1;

/// The decision without one rule; `none` leaves out nothing. Every subject list is sorted as subject.h says.
template <Rule Without>
struct Decision {
  static constexpr bool asks(Rule rule) { return rule != Without; }

  static bool covers(const std::vector<Stay>& stays, std::uint32_t version, std::uint32_t known_version) {
    if (asks(Rule::version_known) && version > known_version) return false;
    bool then = !asks(Rule::inside_then);
    bool now = !asks(Rule::inside_now);
    for (const Stay& stay : stays) {
      then = then || (stay.from <= version && version < stay.to);
      now = now || stay.to == Stay::open_end;
    }
    return then && now;
  }

  static bool names(const AllianceAudience& audience,
                    const OrganisationId& organisation,
                    const Nation& nation) {
    if (!asks(Rule::named_in_alliance)) return true;
    const bool has_nation = !asks(Rule::nation_known) || nation != Nation{};
    return (has_nation && std::binary_search(audience.nations.begin(), audience.nations.end(), nation)) ||
           std::binary_search(audience.organisations.begin(), audience.organisations.end(), organisation);
  }

  static bool is_inside(const Standing& who, const AllianceAudience& audience) {
    return std::any_of(who.alliances.begin(), who.alliances.end(), [&](const AllianceStanding& standing) {
      return (standing.alliance == audience.alliance || !asks(Rule::same_alliance)) &&
             covers(standing.stays, audience.roster_version, standing.known_version) &&
             names(audience, who.organisation, standing.nation);
    });
  }

  static bool is_inside(const Standing& who, const CircleAudience& audience) {
    return std::any_of(who.circles.begin(), who.circles.end(), [&](const CircleStanding& standing) {
      return (standing.circle == audience.circle || !asks(Rule::same_circle)) &&
             covers(standing.stays, audience.membership_version, standing.known_version);
    });
  }

  static bool is_inside(const Standing&, const std::monostate&) { return false; }

  static bool is_inside(const Standing& who, const Clause& clause) {
    return std::visit([&](const auto& audience) { return is_inside(who, audience); }, clause.inside);
  }

  static bool admits_clients(Tlp tlp) { return tlp <= Tlp::amber || !asks(Rule::clients_up_to_amber); }

  static bool holds(const Clause& clause, const Subject& subject, Tlp tlp) {
    if (clause.owner == subject.own.organisation || is_inside(subject.own, clause)) return true;
    return admits_clients(tlp) &&
           std::any_of(subject.patrons.begin(), subject.patrons.end(), [&](const Standing& patron) {
             return is_inside(patron, clause);
           });
  }

  static bool in_audience(const Subject& subject, const Label& label) {
    const auto holds_for_subject = [&](const Clause& clause) { return holds(clause, subject, label.tlp); };
    if (asks(Rule::somebody_named) && label.audience.empty()) return false;
    if (!asks(Rule::every_clause))
      return std::any_of(label.audience.begin(), label.audience.end(), holds_for_subject);
    return std::all_of(label.audience.begin(), label.audience.end(), holds_for_subject);
  }

  static bool owns(const Subject& subject, const Label& label) {
    const auto is_own = [&](const Clause& clause) { return clause.owner == subject.own.organisation; };
    if (!asks(Rule::own_every_clause))
      return std::any_of(label.audience.begin(), label.audience.end(), is_own);
    return !label.audience.empty() && std::all_of(label.audience.begin(), label.audience.end(), is_own);
  }

  static bool is_cleared(const Subject& subject, const Classification& level) {
    if (level.scheme == 0) return true;
    if (asks(Rule::level_comparable) && level.scheme == classification_beyond_all.scheme) return false;
    return !asks(Rule::clearance) ||
           std::any_of(subject.clearances.begin(), subject.clearances.end(), [&](const Clearance& clearance) {
             return clearance.scheme == level.scheme && clearance.ordinal >= level.ordinal;
           });
  }

  static bool holds_compartments(const Subject& subject, const std::vector<CompartmentId>& needed) {
    return !asks(Rule::compartments) ||
           std::includes(
               subject.compartments.begin(), subject.compartments.end(), needed.begin(), needed.end());
  }

  static bool in_realm(const Subject& subject, const Realm& realm) {
    return !asks(Rule::realm) || realm.is_nil() ||
           std::binary_search(subject.exercises.begin(), subject.exercises.end(), realm);
  }

  /// Persons, embargo and end: what a holding keeps beside its interned label.
  static bool passes_columns(const Subject& subject, Tlp tlp, const LabelColumns& columns, Timestamp now) {
    if (columns.persons == nullptr && tlp == Tlp::red && asks(Rule::red_names_persons)) return false;
    if (columns.persons != nullptr && asks(Rule::person_named)) {
      if (subject.person && subject.person->is_nil()) return false;  // nil stands for the service alone
      const PersonKey key{.organisation = subject.own.organisation,
                          .person = subject.person.value_or(PersonId{})};
      if (!std::binary_search(columns.persons->begin(), columns.persons->end(), key)) return false;
    }
    return (now >= columns.embargo || !asks(Rule::embargo)) && (now < columns.end || !asks(Rule::end));
  }

  static bool may_see(const Subject& subject, const Label& label, Timestamp now) {
    if (subject.own.organisation.is_nil() && asks(Rule::somebody_asks)) return false;
    if (!in_realm(subject, label.realm)) return false;
    if (owns(subject, label)) return true;
    return in_audience(subject, label) && holds_compartments(subject, label.compartments) &&
           is_cleared(subject, label.classification) &&
           passes_columns(subject, label.tlp, LabelColumns::of(label), now);
  }
};

}  // namespace shieldwall::policy
