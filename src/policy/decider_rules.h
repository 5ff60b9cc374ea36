#pragma once
// may_see over compiled labels, rule by rule as decision.h, so that tests can leave one out. Internal.

#include <algorithm>
#include <span>
#include <vector>

#include "policy/decision.h"
#include "policy/label_table.h"

namespace shieldwall::policy {

/// An organisation's place in one group: what a clause asks, in one comparison each.
struct GroupForm {
  std::uint64_t nations = 0;            // bits of ClauseForm::nations that let it in; 0: it was never inside
  std::uint32_t from = Stay::open_end;  // it has been inside since, and still is
  std::uint32_t known_version = 0;
  Number nation = 0;                         // 0: none
  const std::vector<Stay>* stays = nullptr;  // all of them
};

/// An organisation's standing, found by the number of the group.
struct StandingForm {
  Number organisation = 0;
  std::vector<GroupForm> groups = {GroupForm{}};  // the first stands for every group it was never inside of
  std::vector<std::uint32_t> places;              // in `groups`, by group
  bool is_twofold = false;                        // two places in one group: ask the plain rules

  StandingForm(const Standing& standing, LabelNumbers& numbers)
      : organisation(LabelNumbers::number_of(numbers.organisations, standing.organisation)) {
    for (const AllianceStanding& alliance : standing.alliances) {
      const Number nation = alliance.nation == Nation{} ? 0 : numbers.nation_number(alliance.nation);
      add(numbers.alliance_group(alliance.alliance),
          nation < nation_numbers ? nation : 0,  // labels naming later ones are plain
          alliance.stays,
          alliance.known_version);
    }
    for (const CircleStanding& circle : standing.circles)
      add(numbers.circle_group(circle.circle), 0, circle.stays, circle.known_version);
  }

  const GroupForm& in(Number group) const { return groups[group < places.size() ? places[group] : 0]; }

 private:
  void add(Number group, Number nation, const std::vector<Stay>& stays, std::uint32_t known_version) {
    GroupForm form{.nations = ClauseForm::everyone,
                   .known_version = std::min(known_version, Stay::open_end - 1),  // stays end before it
                   .nation = nation,
                   .stays = &stays};
    if (nation < near_nations) form.nations |= std::uint64_t{1} << nation;
    for (const Stay& stay : stays)
      if (stay.to == Stay::open_end) form.from = std::min(form.from, stay.from);
    if (places.size() <= group) places.resize(group + 1);
    if (places[group] != 0) is_twofold = true;
    places[group] = static_cast<std::uint32_t>(groups.size());
    groups.push_back(form);
  }
};

struct Decider::State {
  const LabelTable::State& table;
  Scope scope;                          // keeps the subject that the forms point into
  std::vector<StandingForm> standings;  // own, then patrons
  std::uint64_t compartments = 0;
  std::vector<Number> realms;  // sorted
  bool is_plain = false;       // the subject does not fit the compiled form

  State(const Scope& of, LabelTable::State& table_state) : table(table_state), scope(of) {
    if (scope.is_everything()) return;
    const Subject& subject = scope.subject();
    table_state.numbers.with([&](LabelNumbers& numbers) {
      standings.emplace_back(subject.own, numbers);
      for (const Standing& patron : subject.patrons) standings.emplace_back(patron, numbers);
      for (const StandingForm& standing : standings) is_plain = is_plain || standing.is_twofold;
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

  /// Whether it is inside the group, then and now.
  template <Rule Without>
  static bool covers(const GroupForm& group, std::uint32_t version) {
    using D = Decision<Without>;
    constexpr bool is_whole =
        D::asks(Rule::inside_then) && D::asks(Rule::inside_now) && D::asks(Rule::version_known);
    if constexpr (!is_whole)
      return group.stays != nullptr && D::covers(*group.stays, version, group.known_version);
    // Not `&&`: a branch on what was just read from memory would wait for it.
    const bool since = (group.from <= version) & (version <= group.known_version);
    if (since || group.from == Stay::open_end || group.stays->size() == 1) return since;
    return D::covers(*group.stays, version, group.known_version);
  }

  /// Whether the row beside the clause's names the organisation or its nation.
  bool is_named_far(const StandingForm& who, const GroupForm& group, Number audience) const {
    const AudienceForm& form = table.audiences[audience - 1];
    return form.names_nation(group.nation) || form.names_organisation(who.organisation);
  }

  template <Rule Without>
  bool is_inside(const StandingForm& who, const ClauseForm& clause) const {
    const GroupForm& group = who.in(clause.group);
    const bool is_covered = covers<Without>(group, clause.version);
    if constexpr (!Decision<Without>::asks(Rule::named_in_alliance)) return is_covered;
    const bool is_near = (clause.nations & group.nations) != 0;
    const bool is_far = (clause.far >> who.organisation % 64 & 1) != 0;
    if (is_far & is_covered & !is_near) return is_named_far(who, group, clause.audience);
    return is_near & is_covered;
  }

  template <Rule Without>
  bool holds(const ClauseForm& clause, Tlp tlp) const {
    const bool stands_inside = is_inside<Without>(standings.front(), clause);
    if ((clause.owner == own()) | stands_inside) return true;  // one branch
    return standings.size() > 1 && Decision<Without>::admits_clients(tlp) &&
           std::any_of(standings.begin() + 1, standings.end(), [&](const StandingForm& patron) {
             return is_inside<Without>(patron, clause);
           });
  }

  const ClauseForm& clause_of(const LabelForm& form, std::size_t number) const {
    return number == 0 ? form.first : table.clauses[form.rest + number - 1];
  }

  template <Rule Without>
  bool in_audience(const LabelForm& form) const {
    using D = Decision<Without>;
    if (form.clause_count == 1) return holds<Without>(form.first, form.tlp);
    if (form.clause_count == 0) return !D::asks(Rule::somebody_named) && D::asks(Rule::every_clause);
    for (std::size_t i = 0; i < form.clause_count; ++i)
      if (holds<Without>(clause_of(form, i), form.tlp) != D::asks(Rule::every_clause))
        return !D::asks(Rule::every_clause);
    return D::asks(Rule::every_clause);
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
    if constexpr (Decision<Without>::asks(Rule::own_every_clause)) return form.owner_of_all == own();
    for (std::size_t i = 0; i < form.clause_count; ++i)
      if (clause_of(form, i).owner == own()) return true;
    return false;
  }

  template <Rule Without>
  Sight sight(LabelId id) const {
    using D = Decision<Without>;
    if (id >= table.forms.size()) return Sight::hidden;
    if (scope.is_everything()) return Sight::whole;
    if (D::asks(Rule::somebody_asks) && scope.subject().own.organisation.is_nil()) return Sight::hidden;
    const LabelForm& form = table.forms[id];
    if (form.plain || is_plain) return plain_sight<Without>(table.labels[id]);
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

/// For decide_many; for tests and benchmarks: the same decision without one rule, and the floor of any
/// decision.
struct Internals {
  static void ask_for_row(const Decider& decider, LabelId id) {
    const auto& forms = decider.state_->table.forms;
    if (id < forms.size()) __builtin_prefetch(&forms[id]);
  }
  /// Where the row, which must have come, says that a decision may have to read on.
  static void ask_for_rest(const Decider& decider, LabelId id) {
    const LabelTable::State& table = decider.state_->table;
    if (id >= table.forms.size()) return;
    const LabelForm& form = table.forms[id];
    if (form.first.audience != 0) __builtin_prefetch(&table.audiences[form.first.audience - 1]);
    if (form.clause_count > 1) __builtin_prefetch(&table.clauses[form.rest]);
  }

  /// Reads what a decision reads - the label's row and the holding's columns - and decides nothing.
  static std::uint64_t sum(const LabelTable& table,
                           std::span<const LabelId> ids,
                           std::span<const LabelColumns> columns) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const LabelForm& form = table.state_->forms[ids[i]];
      sum += form.compartments + form.realm + form.owner_of_all + static_cast<std::uint64_t>(form.tlp);
      sum += form.first.owner + form.first.group + form.first.version + form.first.nations + form.first.far;
      sum +=
          static_cast<std::uint64_t>(columns[i].embargo.us) + static_cast<std::uint64_t>(columns[i].end.us);
    }
    return sum;
  }

  template <Rule Without>
  static bool may_see(const Decider& decider, LabelId id, const LabelColumns& columns, Timestamp now) {
    return decider.state_->may_see<Without>(id, columns, now);
  }
};

}  // namespace shieldwall::policy
