#pragma once
// A small alliance, and a second reading of the rules of docs/formats/label.md, written apart from the code: sets of organisations,
// sentence by sentence, without a standing or a version number in sight of a subject. For tests.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/scope.h"

namespace shieldwall::policy::tests {

template <typename AnyId>
AnyId an_id(int number) {
  AnyId id;
  id.uuid.bytes[0] = 0x5a;
  id.uuid.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.uuid.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

/// An organisation of the small world by its letter, of a large one by its number; '-' is nobody.
using Member = int;

inline OrganisationId organisation(Member member) {
  return member == '-' ? OrganisationId{} : an_id<OrganisationId>(member);
}
inline Nation nation(const char* code) {
  return *Nation::parse(code);
}

/// Groups as history: who was inside at each version, oldest first; the last one is now.
struct Group {
  std::vector<std::set<Member>> versions;
  const std::set<Member>& now() const { return versions.back(); }
};

/// A member and its nation by letter; clients by the member that lists them.
struct World {
  std::map<AllianceId, Group> alliances;
  std::map<CircleId, Group> circles;
  std::map<Member, Nation> nations;
  std::map<Member, std::set<Member>> clients;
};

/// A B C of two nations, D a client of B, E without a nation that left and came back, F that left, G that
/// joined late, H outside; the alliance X and its rival Y, the circles P and Q.
inline const AllianceId alliance_x = an_id<AllianceId>(1);
inline const AllianceId alliance_y = an_id<AllianceId>(2);
inline const CircleId circle_p = an_id<CircleId>(3);
inline const CircleId circle_q = an_id<CircleId>(4);

inline World small_world() {
  World world;
  world.alliances[alliance_x].versions = {
      {'A', 'B', 'E', 'F'}, {'A', 'B', 'C', 'F'}, {'A', 'B', 'C', 'E', 'G'}};
  world.alliances[alliance_y].versions = {{'H'}, {'H', 'C'}, {'H', 'C'}};
  world.circles[circle_p].versions = {{'A', 'B', 'F'}, {'A', 'B', 'C'}};
  world.circles[circle_q].versions = {{'A', 'H'}, {'A', 'H'}};
  world.nations = {{'A', nation("AAA")},
                   {'B', nation("BBB")},
                   {'C', nation("BBB")},
                   {'F', nation("BBB")},
                   {'G', nation("BBB")},
                   {'H', nation("AAA")}};
  world.clients = {{'B', {'D'}}, {'F', {'D'}}, {'H', {'G'}}};
  return world;
}

// ---------------------------------------------------------------- the subject, as roster and circles give it

/// The stays that a history of memberships amounts to; versions are counted from 1.
inline std::vector<Stay> stays_in(const Group& group, Member who) {
  std::vector<Stay> stays;
  std::uint32_t version = 0;
  for (const auto& members : group.versions) {
    ++version;
    const bool was_inside = !stays.empty() && stays.back().to == Stay::open_end;
    if (members.contains(who) && !was_inside) stays.push_back({.from = version});
    if (!members.contains(who) && was_inside) stays.back().to = version;
  }
  return stays;
}

inline Standing standing_of(const World& world, Member who) {
  Standing standing{.organisation = organisation(who), .alliances = {}, .circles = {}};
  for (const auto& [alliance, group] : world.alliances) {
    const auto of = world.nations.find(who);
    if (auto stays = stays_in(group, who); !stays.empty())
      standing.alliances.push_back({.alliance = alliance,
                                    .nation = of == world.nations.end() ? Nation{} : of->second,
                                    .stays = std::move(stays),
                                    .known_version = static_cast<std::uint32_t>(group.versions.size())});
  }
  for (const auto& [circle, group] : world.circles)
    if (auto stays = stays_in(group, who); !stays.empty())
      standing.circles.push_back({.circle = circle,
                                  .stays = std::move(stays),
                                  .known_version = static_cast<std::uint32_t>(group.versions.size())});
  return standing;
}

/// Somebody of that organisation, and what was granted to them.
struct Asker {
  Member who = 'A';
  std::optional<PersonId> person;
  std::set<CompartmentId> compartments;
  std::map<int, int> clearances;  // scheme -> ordinal
  std::set<Realm> exercises;
};

inline Subject subject_of(const World& world, const Asker& asker) {
  Subject subject;
  subject.own = standing_of(world, asker.who);
  for (const auto& [patron, clients] : world.clients)
    if (clients.contains(asker.who)) subject.patrons.push_back(standing_of(world, patron));
  subject.person = asker.person;
  subject.compartments.assign(asker.compartments.begin(), asker.compartments.end());
  for (const auto& [scheme, ordinal] : asker.clearances)
    subject.clearances.push_back(
        {.scheme = static_cast<std::uint16_t>(scheme), .ordinal = static_cast<std::uint8_t>(ordinal)});
  subject.exercises.assign(asker.exercises.begin(), asker.exercises.end());
  return subject;
}

// ---------------------------------------------------------------- the naive reading

/// "Any of these nations and organisations" at that version, who are still inside now.
inline std::set<Member> expanded(const World& world, const AllianceAudience& audience) {
  std::set<Member> inside;
  const auto group = world.alliances.find(audience.alliance);
  if (group == world.alliances.end()) return inside;
  const auto& versions = group->second.versions;
  if (audience.roster_version == 0 || audience.roster_version > versions.size()) return inside;
  for (const Member member : versions[audience.roster_version - 1]) {
    bool named = false;
    for (const OrganisationId& one : audience.organisations) named = named || one == organisation(member);
    for (const Nation& one : audience.nations)
      named = named || (world.nations.contains(member) && one == world.nations.at(member));
    if (named && group->second.now().contains(member)) inside.insert(member);
  }
  return inside;
}

/// "Exactly one circle at that circle's own membership version", and still inside now.
inline std::set<Member> expanded(const World& world, const CircleAudience& audience) {
  std::set<Member> inside;
  const auto group = world.circles.find(audience.circle);
  if (group == world.circles.end()) return inside;
  const auto& versions = group->second.versions;
  if (audience.membership_version == 0 || audience.membership_version > versions.size()) return inside;
  for (const Member member : versions[audience.membership_version - 1])
    if (group->second.now().contains(member)) inside.insert(member);
  return inside;
}

inline std::set<Member> expanded(const World&, const std::monostate&) {
  return {};
}

/// Whether that clause lets the organisation in: its owner, who is inside, and their clients up to AMBER.
inline bool naive_clause(const World& world, const Clause& clause, Member who, Tlp tlp) {
  const std::set<Member> inside =
      std::visit([&](const auto& audience) { return expanded(world, audience); }, clause.inside);
  if (clause.owner == organisation(who)) return true;
  if (inside.contains(who)) return true;
  if (tlp == Tlp::amber_strict || tlp == Tlp::red) return false;
  for (const Member member : inside)
    if (world.clients.contains(member) && world.clients.at(member).contains(who)) return true;
  return false;
}

inline bool naive_may_see(const World& world, const Asker& asker, const Label& label, Timestamp now) {
  if (asker.who == '-') return false;  // nobody asks
  // "realm (operation or exercise:<id>)"
  if (label.realm != Realm{} && !asker.exercises.contains(label.realm)) return false;
  // "an owner passes the other rules only where it owns every clause"; a label without clauses lets nobody
  // pass
  std::size_t owned = 0;
  for (const Clause& clause : label.audience)
    if (clause.owner == organisation(asker.who)) ++owned;
  if (label.audience.empty()) return false;
  if (owned == label.audience.size()) return true;
  // "all of which must hold"
  for (const Clause& clause : label.audience)
    if (!naive_clause(world, clause, asker.who, label.tlp)) return false;
  // "compartments: all of these (an AND)"
  for (const CompartmentId& compartment : label.compartments)
    if (!asker.compartments.contains(compartment)) return false;
  // "a classification level is (scheme, ordinal) ... unknown means owner only"
  if (label.classification.scheme != 0) {
    if (label.classification == Classification{.scheme = 0xffff, .ordinal = 0xff}) return false;
    const auto clearance = asker.clearances.find(label.classification.scheme);
    if (clearance == asker.clearances.end() || clearance->second < label.classification.ordinal) return false;
  }
  // "named persons (RED)"; a service is named by its organisation with no person
  if (label.tlp == Tlp::red && !label.persons) return false;
  if (label.persons) {
    bool named = false;
    for (const PersonKey& key : *label.persons) {
      const bool same =
          asker.person ? key.person == *asker.person && !key.person.is_nil() : key.person.is_nil();
      named = named || (key.organisation == organisation(asker.who) && same);
    }
    if (!named) return false;
  }
  // "embargo; end"
  return !(now < label.embargo) && now < label.end;
}

}  // namespace shieldwall::policy::tests
