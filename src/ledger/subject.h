#pragma once
// The one way from what this node keeps to a policy::Subject, and the rosters it is made from.

#include <optional>

#include "ledger/row.h"
#include "policy/membership.h"

namespace shieldwall::ledger {

inline constexpr std::size_t rosters_max = 100'000;  // versions of all alliances that one node keeps

/// Keeps one version of a roster that was verified. Versions stand side by side: they tell who was inside
/// when.
///   errors  invalid: the roster breaks a rule, or names another predecessor than the version kept; conflict:
///           that version is kept already with other bytes
Done keep_roster(store::Records& records, const policy::Roster& roster);

/// The newest version kept of that alliance. errors: not_found
Result<policy::Roster> newest_roster(store::Records& records, const AllianceId& alliance);

/// What the node knows of the memberships of `organisation` and of those whose client it is: by the rosters
/// and circles it keeps. While it has no roster, its own list of organisations says whose client each is, and
/// nobody is inside any alliance.
Result<policy::Memberships> memberships_of(store::Records& records, const OrganisationId& organisation);

/// Somebody of that organisation (nothing: its service) as the node knows it now.
///   errors  not_found: no such organisation
Result<policy::Subject> subject_of(store::Records& records,
                                   const OrganisationId& organisation,
                                   std::optional<PersonId> person = {},
                                   const policy::Grants& grants = {});

}  // namespace shieldwall::ledger
