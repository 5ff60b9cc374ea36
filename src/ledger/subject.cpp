// Rosters as rows of Records: <alliance>/<version, ten digits>, the canonical bytes.

#include <algorithm>
#include <set>

#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "ledger/rows.h"
#include "ledger/subjects.h"

namespace shieldwall::ledger {

namespace {

using policy::Memberships;
using policy::Roster;
using store::Table;

std::string roster_key(const AllianceId& alliance, std::uint32_t version) {
  return fmt::format("{}/{:010}", alliance.text(), version);
}

Result<std::vector<Row<Roster>>> rosters_in(store::Records& records, std::string_view prefix) {
  return scan_rows(records, Table::roster, prefix, policy::decode_roster, rosters_max);
}

/// Rows come by alliance, then version.
Result<std::vector<policy::AllianceHistory>> alliances_in(store::Records& records) {
  std::vector<policy::AllianceHistory> alliances;
  for (auto& row : TRY(rosters_in(records, ""))) {
    if (alliances.empty() || alliances.back().newest.alliance != row.value.alliance) alliances.emplace_back();
    TRY(policy::follow(alliances.back(), std::move(row.value)));
  }
  return alliances;
}

policy::CircleHistory history_of(const Circle& circle, const std::set<OrganisationId>& concerned) {
  policy::CircleHistory history{.circle = circle.id, .version = circle.membership_version, .members = {}};
  for (const Member& member : circle.members)
    if (concerned.contains(member.organisation))
      history.members.push_back({.organisation = member.organisation, .stays = member.stays});
  return history;
}

}  // namespace

Done keep_roster(store::Records& records, const Roster& given) {
  const Roster roster = policy::canonical(given);
  TRY(policy::check(roster));
  const auto prefix = roster.alliance.text() + "/";
  for (const auto& kept : TRY(rosters_in(records, prefix))) {
    if (kept.value == roster) return {};
    if (kept.value.version == roster.version)
      return fail(ErrorCode::conflict, "another roster is kept as version {}", roster.version);
    if (kept.value.version + 1 == roster.version) TRY(policy::check_successor(kept.value, roster));
    if (roster.version + 1 == kept.value.version) TRY(policy::check_successor(roster, kept.value));
  }
  const store::Write writes[] = {{.table = Table::roster,
                                  .key = roster_key(roster.alliance, roster.version),
                                  .value = policy::encode(roster),
                                  .expected = 0}};
  return records.write(writes);
}

Result<Roster> newest_roster(store::Records& records, const AllianceId& alliance) {
  auto rows = TRY(rosters_in(records, alliance.text() + "/"));
  if (rows.empty()) return fail(ErrorCode::not_found, "no roster of that alliance is kept");
  return std::move(rows.back().value);
}

Result<const Circle*> Subjects::circle(const CircleId& id) {
  if (const auto found = circles_.find(id); found != circles_.end()) return &found->second;
  auto row = TRY(read_circle(records_, id));
  return &circles_.emplace(id, std::move(row.value)).first->second;
}

Result<const Memberships*> Subjects::memberships(const OrganisationId& organisation) {
  if (!is_read_) known_.alliances = TRY(alliances_in(records_));
  is_read_ = true;
  known_.circles.clear();
  known_.local.clear();
  if (known_.alliances.empty()) {
    const auto row = TRY(read_organisation(records_, organisation));
    known_.local = {{.organisation = organisation, .patrons = row.value.patrons}};
  }
  std::set<OrganisationId> concerned = {organisation};
  for (const auto& patron : policy::patrons_of(known_, organisation)) concerned.insert(patron);
  std::set<CircleId> inside;
  for (const auto& one : concerned)
    for (const auto& id : TRY(circle_ids_of(records_, one))) inside.insert(id);
  for (const auto& id : inside) {
    const auto* const found = TRY(circle(id));
    known_.circles.push_back(history_of(*found, concerned));
  }
  return &known_;
}

Result<policy::Subject> Subjects::of(const OrganisationId& organisation,
                                     std::optional<PersonId> person,
                                     const policy::Grants& grants) {
  TRY(read_organisation(records_, organisation));
  const auto* const known = TRY(memberships(organisation));
  return policy::subject_of(*known, organisation, person, grants);
}

Result<Memberships> memberships_of(store::Records& records, const OrganisationId& organisation) {
  Subjects subjects(records);
  const auto* const known = TRY(subjects.memberships(organisation));
  return *known;
}

Result<policy::Subject> subject_of(store::Records& records,
                                   const OrganisationId& organisation,
                                   std::optional<PersonId> person,
                                   const policy::Grants& grants) {
  return Subjects(records).of(organisation, person, grants);
}

}  // namespace shieldwall::ledger
