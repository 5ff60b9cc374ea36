#pragma once
// Alliances that this node belongs to: rosters as their founders signed them, one after the other, and what
// follows from the newest for the organisations and circles here. docs/formats/roster.md.

#include <optional>
#include <vector>

#include "base/signing.h"
#include "ledger/circle.h"
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

/// Whether those signed whom the version before asks: `founders_needed` founders; or the member to whom the
/// change is delegated; or one founder and the member whose own entry alone changes (keys, pins, contacts,
/// expertise; or it leaves). Nothing before: the founders of the roster itself, for version 1 and for whoever
/// joins and trusts the one who invited.
///   errors  invalid: says what is missing
Done verify(const SignedRoster& next, const policy::Roster* before);

/// Whether nothing but what a member may change of itself differs: it leaves, or its keys (the root
/// excepted), pins, contacts, expertise.
bool is_own_change(const policy::Roster& before, const policy::Roster& after, const OrganisationId& who);

Bytes encode(const SignedRoster& roster);
/// errors: invalid, exhausted
Result<SignedRoster> decode_signed_roster(std::string_view bytes);

/// Verifies and keeps the next version, or the first this node hears of; brings organisations and the
/// alliance's circle here up to it. One kept already changes nothing.
///   errors  invalid; conflict: another roster is kept as that version: evidence of a founder's fork
Done keep_signed_roster(store::Store& store,
                        const OrganisationId& home,
                        const SignedRoster& roster,
                        Timestamp now);

/// Versions after `version`, oldest first. errors: corrupt
Result<std::vector<SignedRoster>> signed_rosters(store::Records& records,
                                                 const AllianceId& alliance,
                                                 std::uint32_t after);
/// The newest of every alliance kept, by id.
Result<std::vector<SignedRoster>> newest_rosters(store::Records& records);
/// By id or name. errors: not_found, conflict: two carry that name
Result<SignedRoster> alliance_named(store::Records& records, std::string_view id_or_name);

/// The circle through which `home` releases to the whole alliance; its members follow the roster.
CircleId circle_of(const AllianceId& alliance, const OrganisationId& home);

/// Where other nodes reach a member, "host:port"; nothing: it only calls others.
std::optional<std::string> node_address(const policy::RosterMember& member);
void set_node_address(policy::RosterMember& member, std::string_view host_and_port);

/// The keys of that use, in the roster's order.
std::vector<policy::MemberKey> keys_for(const policy::RosterMember& member, policy::KeyUse use);

}  // namespace shieldwall::ledger
