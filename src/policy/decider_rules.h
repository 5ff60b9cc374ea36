#pragma once
// may_see over compiled labels, rule by rule as decision.h, so that tests can leave one out. Internal.

#include <algorithm>
#include <span>
#include <vector>

#include "policy/decision.h"
#include "policy/label_table.h"

namespace shieldwall::policy {

/// One stretch of a standing: in this group, of that nation, with these stays.
struct GroupForm {
  Number group = 0;
  Number nation = 0;  // 0: none
  const std::vector<Stay>* stays = nullptr;
  std::uint32_t known_version = 0;
};

/// An organisation's standing, found by the number of the group.
struct StandingForm {
  Number organisation = 0;
  std::vector<GroupForm> groups;     // sorted by group
  std::vector<std::uint32_t> first;  // by group: index + 1 of its first entry in `groups`, 0 for none

  StandingForm(const Standing& standing, LabelNumbers& numbers)
      : organisation(LabelNumbers::number_of(numbers.organisations, standing.organisation)) {
    for (const AllianceStanding& alliance : standing.alliances) {
      const Number nation = alliance.nation == Nation{} ? 0 : numbers.nation_number(alliance.nation);
      groups.push_back({.group = numbers.alliance_group(alliance.alliance),
                        .nation = nation < nation_numbers ? nation : 0,  // labels naming later ones are plain
                        .stays = &alliance.stays,
                        .known_version = alliance.known_version});
    }
    for (const CircleStanding& circle : standing.circles)
      groups.push_back({.group = numbers.circle_group(circle.circle),
                        .nation = 0,
                        .stays = &circle.stays,
                        .known_version = circle.known_version});
    std::stable_sort(groups.begin(), groups.end(), [](const GroupForm& a, const GroupForm& b) {
      return a.group < b.group;
    });
    for (std::size_t i = groups.size(); i-- > 0;) {
      if (first.size() <= groups[i].group) first.resize(groups[i].group + 1);
      first[groups[i].group] = static_cast<std::uint32_t>(i + 1);
    }
  }
};

struct Decider::State {
  const LabelTable::State& table;
  Scope scope;                          // keeps the subject that the forms point into
  std::vector<StandingForm> standings;  // own, then patrons
  std::uint64_t compartments = 0;
  std::vector<Number> realms;  // sorted

  State(const Scope& of, LabelTable::State& table_state) : table(table_state), scope(of) {
    if (scope.is_everything()) return;
    const Subject& subject = scope.subject();
    table_state.numbers.with([&](LabelNumbers& numbers) {
      standings.emplace_back(subject.own, numbers);
      for (const Standing& patron : subject.patrons) standings.emplace_back(patron, numbers);
      for (const CompartmentId& compartment : subject.compartments) {
        const Number number = LabelNumbers::number_of(numbers.compartments, compartment) - 1;
        if (number < compartment_numbers) compartments |= std::uint64_t{1} << number;
      }
      for (const Realm& realm : subject.exercises)
        realms.push_back(LabelNumbers::number_of(numbers.realms, realm));
    });
    std::sort(realms.begin(), realms.end());
  }

  Number own() const { return standings.front().organisation; }

  template <Rule Without>
  bool is_inside(const StandingForm& who, Number audience) const {
    if (audience == 0) return false;
    const AudienceForm& form = table.audiences[audience - 1];
    if (form.group >= who.first.size() || who.first[form.group] == 0) return false;
    for (std::size_t i = who.first[form.group] - 1;
         i < who.groups.size() && who.groups[i].group == form.group;
         ++i) {
      const GroupForm& group = who.groups[i];
      const bool is_named = form.everyone || !Decision<Without>::asks(Rule::named_in_alliance) ||
                            form.names_nation(group.nation) || form.names_organisation(who.organisation);
      if (is_named && Decision<Without>::covers(*group.stays, form.version, group.known_version)) return true;
    }
    return false;
  }

  template <Rule Without>
  bool holds(const ClauseForm& clause, Tlp tlp) const {
    if (clause.owner == own() || is_inside<Without>(standings.front(), clause.audience)) return true;
    return Decision<Without>::admits_clients(tlp) &&
           std::any_of(standings.begin() + 1, standings.end(), [&](const StandingForm& patron) {
             return is_inside<Without>(patron, clause.audience);
           });
  }

  template <Rule Without>
  bool in_audience(const LabelForm& form) const {
    using D = Decision<Without>;
    const auto clauses = std::span(form.clauses).first(form.clause_count);
    const auto holds_here = [&](const ClauseForm& clause) { return holds<Without>(clause, form.tlp); };
    if (D::asks(Rule::somebody_named) && clauses.empty()) return false;
    if (!D::asks(Rule::every_clause)) return std::any_of(clauses.begin(), clauses.end(), holds_here);
    return std::all_of(clauses.begin(), clauses.end(), holds_here);
  }

  static Sight by_columns(Tlp tlp) { return tlp == Tlp::red ? Sight::by_columns_red : Sight::by_columns; }

  template <Rule Without>
  Sight plain_sight(const Label& label) const {
    using D = Decision<Without>;
    const Subject& subject = scope.subject();
    if (!D::in_realm(subject, label.realm)) return Sight::hidden;
    if (D::owns(subject, label)) return Sight::whole;
    return D::in_audience(subject, label) && D::holds_compartments(subject, label.compartments) &&
                   D::is_cleared(subject, label.classification)
               ? by_columns(label.tlp)
               : Sight::hidden;
  }

  template <Rule Without>
  bool owns(const LabelForm& form) const {
    if (!Decision<Without>::asks(Rule::own_every_clause))
      return std::any_of(form.clauses.begin(),
                         form.clauses.begin() + form.clause_count,
                         [&](const ClauseForm& clause) { return clause.owner == own(); });
    return form.owner_of_all == own();
  }

  template <Rule Without>
  Sight sight(LabelId id) const {
    using D = Decision<Without>;
    if (id >= table.forms.size()) return Sight::hidden;
    if (scope.is_everything()) return Sight::whole;
    if (D::asks(Rule::somebody_asks) && scope.subject().own.organisation.is_nil()) return Sight::hidden;
    const LabelForm& form = table.forms[id];
    if (form.plain) return plain_sight<Without>(table.labels[id]);
    if (D::asks(Rule::realm) && form.realm != 0 &&
        !std::binary_search(realms.begin(), realms.end(), form.realm))
      return Sight::hidden;
    if (owns<Without>(form)) return Sight::whole;
    const bool passes = in_audience<Without>(form) &&
                        ((form.compartments & ~compartments) == 0 || !D::asks(Rule::compartments)) &&
                        D::is_cleared(scope.subject(), form.classification);
    return passes ? by_columns(form.tlp) : Sight::hidden;
  }

  template <Rule Without>
  bool passes(Sight sight, const LabelColumns& columns, Timestamp now) const {
    if (sight == Sight::hidden || sight == Sight::whole) return sight == Sight::whole;
    const Tlp tlp = sight == Sight::by_columns_red ? Tlp::red : Tlp::clear;  // all that the columns ask of it
    return Decision<Without>::passes_columns(scope.subject(), tlp, columns, now);
  }

  template <Rule Without>
  bool may_see(LabelId id, const LabelColumns& columns, Timestamp now) const {
    return passes<Without>(sight<Without>(id), columns, now);
  }
};

/// For tests: the same decision without one rule.
struct Internals {
  template <Rule Without>
  static bool may_see(const Decider& decider, LabelId id, const LabelColumns& columns, Timestamp now) {
    return decider.state_->may_see<Without>(id, columns, now);
  }
};

}  // namespace shieldwall::policy
