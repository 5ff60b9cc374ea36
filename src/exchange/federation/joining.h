#pragma once
// How an alliance begins, grows and changes: what an operator's one command does on each side.

#include "exchange/federation/federation.h"
#include "exchange/federation/invite.h"

namespace shieldwall::exchange::federation {

/// This node's own entry in a roster, from its organisation and keys.
Result<policy::RosterMember> own_entry(Federation& federation);

/// Version 1 of a new alliance, of which this organisation is founder and only member yet.
///   errors  conflict: one of that name is known here
Result<ledger::SignedRoster> found_alliance(Federation& federation, std::string_view name);

/// An invitation that one node can take within invite_life.
///   errors  unavailable: this node has no address; denied: not a founder that can admit alone
Result<Invite> invite(Federation& federation, const ledger::SignedRoster& alliance);

/// What joining led to.
struct Joined {
  ledger::SignedRoster roster{};
  OrganisationId by{};  // who invited
  std::string phrase{};
};
/// Asks to be let in where the invitation says.
///   errors  denied: used, expired or unknown code; unavailable; invalid: the answer is no roster with this
///           node in it, signed by who was pinned
Result<Joined> join(Federation& federation, const Invite& invite);

/// On the inviting side: uses the code up, signs and keeps the next roster.
///   errors  denied: used, expired or unknown code
Result<ledger::SignedRoster> admit_joiner(Federation& federation, const JoinRequest& request);

/// The next roster with that member in it. errors: denied: a member already, or one of that name
Result<ledger::SignedRoster> admit(Federation& federation,
                                   const ledger::SignedRoster& alliance,
                                   const policy::RosterMember& member);

/// Brings this node's entry up to its present keys and address in every alliance: signed here, countersigned
/// by a founder.
///   errors  unavailable: no founder of one alliance could be reached
Done renew_entry(Federation& federation);
/// Leaves. errors: conflict: a founder cannot leave its alliance
Done leave_alliance(Federation& federation, const ledger::SignedRoster& alliance);
/// On a founder's side. errors: invalid; conflict: not a change to the newest version
Result<ledger::SignedRoster> countersign(Federation& federation,
                                         const OrganisationId& member,
                                         const ledger::SignedRoster& wish);

/// The words that the operators of both compare.
Result<std::string> phrase_with(Federation& federation,
                                const ledger::SignedRoster& alliance,
                                const OrganisationId& member);

}  // namespace shieldwall::exchange::federation
