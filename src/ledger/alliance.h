#pragma once
// Alliances that this node belongs to: rosters as their founders signed them, one after the other, and what
// follows from the newest for the organisations and circles here. docs/formats/roster.md.

#include <optional>
#include <vector>

#include "base/signing.h"
#include "ledger/circle.h"
#include "ledger/keys.h"
#include "ledger/row.h"
#include "policy/roster.h"

namespace shieldwall::ledger {

/// Families of rows that only nodes of alliances have; numbered apart from store::Table's own.
inline constexpr store::Table signed_roster_table{32};
inline constexpr store::Table peer_table{33};
inline constexpr store::Table outbox_table{34};
inline constexpr store::Table statement_table{35};

struct RosterSignature {
  OrganisationId by{};  // with the root key that the roster before lists for it
  Signature signature{};
  auto operator<=>(const RosterSignature&) const = default;
};

struct SignedRoster {
  policy::Roster roster{};
  std::vector<RosterSignature> signatures{};  // sorted by organisation
  auto operator<=>(const SignedRoster&) const = default;
};

void sign(SignedRoster& roster, const OrganisationId& by, const SigningKey& root);
/// The root by which that version knows the organisation: while one replaces the other, the newer of those
/// listed. None listed: the present one.
const SigningKey& root_listed(const NodeKeys& keys, const policy::Roster& version, const OrganisationId& who);

/// Whether those signed whom the version before asks: `founders_needed` founders; or the member to whom the
/// change is delegated; or one founder and the member whose own entry alone changes (keys, pins, contacts,
/// expertise; or it leaves). Nothing before: the founders of the roster itself, for version 1 and for whoever
/// joins and trusts the one who invited.
///   errors  invalid: says what is missing
Done verify(const SignedRoster& next, const policy::Roster* before);

/// Whether nothing but what a member may change of itself differs: it leaves, or its keys (of its roots it
/// may only let go, as long as one stays), pins, contacts, expertise.
bool is_own_change(const policy::Roster& before, const policy::Roster& after, const OrganisationId& who);

Bytes encode(const SignedRoster& roster);
/// errors: invalid, exhausted
Result<SignedRoster> decode_signed_roster(std::string_view bytes);

/// Of two rosters of one version that enough founders signed, the one of the lower digest counts everywhere.
/// What was built on the other goes with it, as far as these many versions back: older forks people settle.
inline constexpr std::uint32_t fork_versions_max = 8;

/// Verifies and keeps the next version, or the first this node hears of; brings organisations and the
/// alliance's circle here up to it. One kept already changes nothing; one that goes before the kept one of
/// its version takes its place, and the other is kept as evidence.
///   errors  invalid; conflict: another roster of that version is kept and counts
Done keep_signed_roster(store::Store& store,
                        const OrganisationId& home,
                        const SignedRoster& roster,
                        Timestamp now);

/// Versions after `version`, oldest first. errors: corrupt
Result<std::vector<SignedRoster>> signed_rosters(store::Records& records,
                                                 const AllianceId& alliance,
                                                 std::uint32_t after);
/// Those with which somebody begins who trusts their teller: from the last version on that its own founders
/// signed, and that is not newer than `at_most`; delegates' changes and members' own follow it.
Result<std::vector<SignedRoster>> chain_of(store::Records& records,
                                           const AllianceId& alliance,
                                           std::uint32_t at_most);
/// The newest of every alliance kept, by id.
Result<std::vector<SignedRoster>> newest_rosters(store::Records& records);
/// By id or name. errors: not_found, conflict: two carry that name
Result<SignedRoster> alliance_named(store::Records& records, std::string_view id_or_name);

/// The circle through which `home` releases to the whole alliance; its members follow the roster.
CircleId circle_of(const AllianceId& alliance, const OrganisationId& home);

/// Where other nodes reach a member, "host:port"; nothing: it only calls others.
std::optional<std::string> node_address(const policy::RosterMember& member);
void set_node_address(policy::RosterMember& member, std::string_view host_and_port);

/// Whether the member only carries for others: its roster entry says so, for all to know. It is in no
/// audience of the alliance's circle, and is given nothing.
bool is_hub(const policy::RosterMember& member);
inline constexpr std::string_view hub_expertise = "hub";

/// The keys of that use, in the roster's order.
std::vector<policy::MemberKey> keys_for(const policy::RosterMember& member, policy::KeyUse use);

}  // namespace shieldwall::ledger
