#pragma once
// What a node knows of its alliances at one instant: an immutable snapshot that many threads read.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "exchange/federation/frames.h"
#include "ledger/alliance.h"

namespace shieldwall::exchange::federation {

/// Nothing goes to or comes from a suspended member while the row stands.
struct Suspension {
  OrganisationId member{};
  Timestamp at{};
  std::string reason{};
  store::Sequence from = 0;  // changes before were told to it; a reinstatement tells it the rest
};

struct Known {
  OrganisationId home{};
  std::vector<ledger::SignedRoster> newest{};  // of each alliance, by id
  std::vector<Digest> digests{};               // of those, in the same order
  std::vector<policy::Roster> all{};           // every version, for audiences of then
  std::map<Digest, OrganisationId> pins{};     // of members' nodes
  std::map<Digest, OrganisationId> sealing{};  // whose key id that is
  std::map<OrganisationId, Suspension> suspended{};
  /// By which alliance each organisation was known first. Where several list it, that one's entry counts:
  /// what the founders of another write of it changes neither its keys nor its certificate nor its address
  /// here.
  std::map<OrganisationId, AllianceId> known_by{};

  static Result<Known> read(store::Records& records, const OrganisationId& home);

  std::vector<RosterStand> stands() const;
  /// Of the alliances that it shares with this node: of the others it may not even know that they exist.
  std::vector<RosterStand> stands_for(const OrganisationId& peer) const;
  /// Its entry in the newest roster of the alliance in `known_by`; nothing: no member.
  const policy::RosterMember* member(const OrganisationId& organisation) const;
  /// The node that it lives on: its own, or its host's.
  OrganisationId node_of(const OrganisationId& organisation) const;
  bool is_suspended(const OrganisationId& organisation) const { return suspended.contains(organisation); }
  /// To whose node a delivery for that member is handed: its own where one of the two can reach the other,
  /// else a relay of that alliance.
  OrganisationId next_hop(const OrganisationId& organisation, const AllianceId& alliance) const;
  /// Everybody but this node's own organisation.
  std::set<OrganisationId> others() const;
  /// Keys of that use that its entry lists.
  std::vector<policy::MemberKey> keys(const OrganisationId& organisation, policy::KeyUse use) const;
  /// Its statement keys of that version of the roster that it replaced since with an overlap: what it signed
  /// by them at that version stays valid. Not those that were lost, replaced at once, or gone with the
  /// member.
  std::vector<policy::MemberKey> retired_keys(const AllianceId& alliance,
                                              const OrganisationId& organisation,
                                              std::uint32_t version) const;
};

/// Whether the member carries for others what it cannot read: its roster entry says so, for all to know.
bool is_relay(const policy::RosterMember& member);
inline constexpr std::string_view relay_expertise = "relay";

using KnownNow = std::shared_ptr<const Known>;

store::Write write_of(const Suspension& suspension);
store::Write end_of_suspension(const OrganisationId& member);

/// Rows for members of the roster that no alliance made known before.
std::vector<store::Write> writes_of_newly_known(const Known& known, const policy::Roster& roster);

}  // namespace shieldwall::exchange::federation
