#pragma once
// Who was inside of what, and since when: what the rosters and the circles that a node knows amount to, and
// the one function that makes a subject of it.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "policy/roster.h"
#include "policy/subject.h"

namespace shieldwall::policy {

/// A member's stays in an alliance. Those of its present nation are counted apart: who changes nation is not
/// named by its old one any more, and was not named by the new one before.
struct AllianceMember {
  OrganisationId organisation{};
  Nation nation{};                     // the present one; all zero for none
  std::vector<Stay> stays{};           // in roster versions; sorted
  std::vector<Stay> as_this_nation{};  // the same while it had this nation
  auto operator<=>(const AllianceMember&) const = default;
};

/// One alliance as its rosters told it, version by version.
struct AllianceHistory {
  Roster newest{};
  std::vector<AllianceMember> members{};  // all who ever were inside; sorted by organisation
};

/// Takes the next roster in. A version this node has not seen ends every stay: who was inside at it nobody
/// here can tell, so nobody was.
///   errors  invalid: of another alliance, or not newer than the newest
Done follow(AllianceHistory& history, Roster next);

/// One circle's memberships, as its owner's node or a statement told them.
struct CircleMember {
  OrganisationId organisation{};
  std::vector<Stay> stays{};  // in membership versions; sorted
  auto operator<=>(const CircleMember&) const = default;
};
struct CircleHistory {
  CircleId circle{};
  std::uint32_t version = 0;            // the newest this node knows
  std::vector<CircleMember> members{};  // sorted by organisation
};

/// Standing in for a roster where a node has none: whose client each organisation is.
struct LocalMember {
  OrganisationId organisation{};
  std::vector<OrganisationId> patrons{};
};

/// All that a node knows of memberships. Lists sorted by id.
struct Memberships {
  std::vector<AllianceHistory> alliances{};
  std::vector<CircleHistory> circles{};
  std::vector<LocalMember> local{};
};

/// What the organisation is inside of.
Standing standing_of(const Memberships& known, const OrganisationId& organisation);

/// The organisations whose client this one is, by any roster's present version or locally; sorted.
std::vector<OrganisationId> patrons_of(const Memberships& known, const OrganisationId& organisation);

/// What was granted to somebody by their own organisation.
struct Grants {
  std::vector<CompartmentId> compartments{};
  std::vector<Clearance> clearances{};
  std::vector<Realm> exercises{};
};

/// Somebody of that organisation (nothing: its service), as the node knows it now: standings of its own and
/// of those whose client it is - by any roster's present version, or locally -, the grants, and the
/// clearances that the rosters' equivalences make of them. Sorted.
Subject subject_of(const Memberships& known,
                   const OrganisationId& organisation,
                   std::optional<PersonId> person,
                   const Grants& grants = {});

/// The organisations that a clause names at the versions it names: its owner, and who was inside then.
///   errors  not_found: the roster or membership of that version is not given
Result<std::vector<OrganisationId>> expanded(const Clause& clause,
                                             std::span<const Roster> rosters,
                                             std::span<const CircleHistory> circles);

/// The organisations that every clause of the label names, sorted. Clients are not among them: what reaches
/// them does so through those whose clients they are.
///   errors  as expanded
Result<std::vector<OrganisationId>> audience_of(const Label& label,
                                                std::span<const Roster> rosters,
                                                std::span<const CircleHistory> circles);

/// A statement's audience set: SHA-256 of the sorted 16-byte ids, one after the other.
Digest audience_digest(const std::vector<OrganisationId>& audience);

}  // namespace shieldwall::policy
