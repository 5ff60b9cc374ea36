#include "policy/membership.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace shieldwall::policy {
namespace {

bool is_open(const std::vector<Stay>& stays) {
  return !stays.empty() && stays.back().to == Stay::open_end;
}

void close(std::vector<Stay>& stays, std::uint32_t at) {
  if (is_open(stays)) stays.back().to = at;
}

void enter(std::vector<Stay>& stays, std::uint32_t at) {
  if (!is_open(stays)) stays.push_back({.from = at, .to = Stay::open_end});
}

bool was_inside(const std::vector<Stay>& stays, std::uint32_t version) {
  return std::any_of(stays.begin(), stays.end(), [&](const Stay& stay) {
    return stay.from <= version && version < stay.to;
  });
}

template <typename Entry, typename Of>
auto find_by(const std::vector<Entry>& list, const Of& id, Of Entry::* member) -> const Entry* {
  const auto place =
      std::lower_bound(list.begin(), list.end(), id, [&](const Entry& entry, const Of& wanted) {
        return entry.*member < wanted;
      });
  return place != list.end() && (*place).*member == id ? &*place : nullptr;
}

AllianceMember& slot_of(AllianceHistory& history, const OrganisationId& organisation) {
  auto& members = history.members;
  const auto place = std::lower_bound(
      members.begin(),
      members.end(),
      organisation,
      [](const AllianceMember& member, const OrganisationId& id) { return member.organisation < id; });
  if (place != members.end() && place->organisation == organisation) return *place;
  return *members.insert(place,
                         {.organisation = organisation, .nation = {}, .stays = {}, .as_this_nation = {}});
}

void add_alliance(Standing& standing, const AllianceHistory& history) {
  const auto* member = find_by(history.members, standing.organisation, &AllianceMember::organisation);
  if (member == nullptr) return;
  AllianceStanding found{.alliance = history.newest.alliance,
                         .nation = member->nation,
                         .stays = member->as_this_nation,
                         .known_version = history.newest.version};
  standing.alliances.push_back(found);
  if (member->stays == member->as_this_nation) return;
  found.nation = {};  // named by itself, it was inside longer than by its nation
  found.stays = member->stays;
  standing.alliances.push_back(std::move(found));
}

/// What was granted, and what the rosters say it reaches. An equivalence is one step: the roster lists each.
std::vector<Clearance> with_equivalents(const Memberships& known, std::vector<Clearance> clearances) {
  const auto granted = clearances;
  for (const AllianceHistory& history : known.alliances)
    for (const Equivalence& equivalence : history.newest.equivalences)
      for (const Clearance& clearance : granted)
        if (clearance.scheme == equivalence.held.scheme && clearance.ordinal >= equivalence.held.ordinal)
          clearances.push_back(
              {.scheme = equivalence.reached.scheme, .ordinal = equivalence.reached.ordinal});
  std::sort(clearances.begin(), clearances.end());
  clearances.erase(std::unique(clearances.begin(), clearances.end()), clearances.end());
  return clearances;
}

bool is_named(const AllianceAudience& audience, const RosterMember& member) {
  return (member.nation != Nation{} &&
          std::binary_search(audience.nations.begin(), audience.nations.end(), member.nation)) ||
         std::binary_search(
             audience.organisations.begin(), audience.organisations.end(), member.organisation);
}

}  // namespace

Done follow(AllianceHistory& history, Roster next) {
  const bool is_first = history.newest.alliance.is_nil();
  if (!is_first && history.newest.alliance != next.alliance)
    return fail(ErrorCode::invalid, "the roster is of another alliance");
  if (!is_first && next.version <= history.newest.version)
    return fail(ErrorCode::invalid, "roster version {} is known already", next.version);
  const std::uint32_t expected = is_first ? next.version : history.newest.version + 1;
  for (AllianceMember& member : history.members) {
    const RosterMember* now = find_member(next, member.organisation);
    if (now == nullptr || next.version != expected) close(member.stays, expected);
    if (now == nullptr || next.version != expected) close(member.as_this_nation, expected);
  }
  for (const RosterMember& now : next.members) {
    AllianceMember& member = slot_of(history, now.organisation);
    enter(member.stays, next.version);
    if (member.nation != now.nation) member.as_this_nation.clear();
    member.nation = now.nation;
    enter(member.as_this_nation, next.version);
  }
  history.newest = std::move(next);
  return {};
}

Standing standing_of(const Memberships& known, const OrganisationId& organisation) {
  Standing standing{.organisation = organisation, .alliances = {}, .circles = {}};
  for (const AllianceHistory& history : known.alliances) add_alliance(standing, history);
  for (const CircleHistory& history : known.circles)
    if (const auto* member = find_by(history.members, organisation, &CircleMember::organisation);
        member != nullptr && !member->stays.empty())
      standing.circles.push_back(
          {.circle = history.circle, .stays = member->stays, .known_version = history.version});
  return standing;
}

std::vector<OrganisationId> patrons_of(const Memberships& known, const OrganisationId& organisation) {
  std::set<OrganisationId> patrons;
  for (const AllianceHistory& history : known.alliances)
    for (const RosterMember& member : history.newest.members)
      if (std::binary_search(member.clients.begin(), member.clients.end(), organisation))
        patrons.insert(member.organisation);
  if (const auto* local = find_by(known.local, organisation, &LocalMember::organisation))
    patrons.insert(local->patrons.begin(), local->patrons.end());
  patrons.erase(organisation);
  return std::vector<OrganisationId>(patrons.begin(), patrons.end());
}

Subject subject_of(const Memberships& known,
                   const OrganisationId& organisation,
                   std::optional<PersonId> person,
                   const Grants& grants) {
  Subject subject;
  subject.own = standing_of(known, organisation);
  for (const OrganisationId& patron : patrons_of(known, organisation))
    subject.patrons.push_back(standing_of(known, patron));
  subject.person = person;
  subject.compartments = grants.compartments;
  subject.clearances = with_equivalents(known, grants.clearances);
  subject.exercises = grants.exercises;
  return sorted(std::move(subject));
}

Result<std::vector<OrganisationId>> expanded(const Clause& clause,
                                             std::span<const Roster> rosters,
                                             std::span<const CircleHistory> circles) {
  std::set<OrganisationId> inside = {clause.owner};
  if (const auto* alliance = std::get_if<AllianceAudience>(&clause.inside)) {
    const auto roster = std::find_if(rosters.begin(), rosters.end(), [&](const Roster& one) {
      return one.alliance == alliance->alliance && one.version == alliance->roster_version;
    });
    if (roster == rosters.end())
      return fail(ErrorCode::not_found, "roster version {} is not known", alliance->roster_version);
    for (const RosterMember& member : roster->members)
      if (is_named(*alliance, member)) inside.insert(member.organisation);
  } else if (const auto* circle = std::get_if<CircleAudience>(&clause.inside)) {
    const auto history = std::find_if(circles.begin(), circles.end(), [&](const CircleHistory& one) {
      return one.circle == circle->circle && one.version >= circle->membership_version;
    });
    if (history == circles.end())
      return fail(ErrorCode::not_found, "membership version {} is not known", circle->membership_version);
    for (const CircleMember& member : history->members)
      if (was_inside(member.stays, circle->membership_version)) inside.insert(member.organisation);
  }
  return std::vector<OrganisationId>(inside.begin(), inside.end());
}

Result<std::vector<OrganisationId>> audience_of(const Label& label,
                                                std::span<const Roster> rosters,
                                                std::span<const CircleHistory> circles) {
  std::vector<OrganisationId> audience;
  bool is_first = true;
  for (const Clause& clause : label.audience) {
    auto inside = TRY(expanded(clause, rosters, circles));
    if (!std::exchange(is_first, false)) {
      std::vector<OrganisationId> both;
      std::set_intersection(
          audience.begin(), audience.end(), inside.begin(), inside.end(), std::back_inserter(both));
      inside = std::move(both);
    }
    audience = std::move(inside);
  }
  return audience;
}

Digest audience_digest(const std::vector<OrganisationId>& audience) {
  Sha256 hash;
  for (const OrganisationId& organisation : audience) hash.add(organisation.uuid.view());
  return hash.finish();
}

}  // namespace shieldwall::policy
