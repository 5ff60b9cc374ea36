#pragma once
// How the founders of an alliance change it together: one proposes, the proposal travels to the others by
// wire or file, each looks at what it means and signs, and with enough signatures it counts everywhere.

#include "exchange/federation/federation.h"
#include "ledger/proposal.h"

namespace shieldwall::exchange::federation {

/// What an operator wishes changed; all of it at once.
struct RosterWish {
  std::vector<OrganisationId> remove{};
  std::vector<OrganisationId> founders{};      // who become founders
  std::vector<OrganisationId> not_founders{};  // who are no founders any more, and stay members
  std::optional<std::uint32_t> founders_needed{};
  std::vector<policy::Delegation> delegate{};
  std::vector<policy::Delegation> end_delegation{};
};
/// The next version. Who goes loses what it decided: its founder's seat and its delegations.
///   errors  invalid: not a member, nothing changes, or what policy::check says
Result<policy::Roster> wished(const policy::Roster& before, const RosterWish& wish);

/// A proposal, and what became of it with the signatures it has now.
struct Proposed {
  ledger::Proposal proposal{};
  bool effective = false;
};
/// Proposes that roster and signs it; in an alliance that one founder changes it is effective at once.
///   errors  conflict: this organisation signed another change of that version that goes before; denied
Result<Proposed> propose(Federation& federation,
                         const ledger::SignedRoster& alliance,
                         const policy::Roster& next,
                         std::string_view reason);
/// Signs one that waits, by its name. One organisation's signature counts once.
///   errors  not_found; conflict: overtaken by another version, or this organisation signed another change of
///           that version that goes before; denied: this node's organisation is no founder
Result<Proposed> sign_proposal(Federation& federation, std::string_view name);
/// Keeps what others proposed and signed; those that are complete become effective. Gives how many of them.
std::size_t take_proposals(Federation& federation, const std::vector<ledger::Proposal>& proposals);

/// Those of alliances of this node, without those that became effective.
Result<std::vector<ledger::Proposal>> open_proposals(Federation& federation);

/// The version that counts at a node, and by which digest: two nodes at one version may not agree.
struct ChainStand {
  AllianceId alliance{};
  std::uint32_t version = 0;
  Digest digest{};
  auto operator<=>(const ChainStand&) const = default;
};
/// What two members' nodes tell each other about their alliances beside deliveries.
struct Council {
  std::vector<ChainStand> stands{};           // sorted
  std::vector<ledger::Proposal> proposals{};  // to founders alone
  auto operator<=>(const Council&) const = default;
};
Bytes encode(const Council& council);
/// errors: invalid, exhausted
Result<Council> decode_council(std::string_view bytes);
/// What that member is told; nobody (a file for whoever carries it): everything.
Result<Council> council_for(Federation& federation, const std::optional<OrganisationId>& peer);
/// Tells a member that is called, and takes what it tells; brings both to the roster that counts.
Done confer(Federation& federation, const OrganisationId& peer);

/// "/api/v1/proposals...": what operators of founders do.
std::span<const api::Route> proposal_routes();
/// Private questions between members' nodes.
std::span<const api::Route> member_ask_routes();

}  // namespace shieldwall::exchange::federation
