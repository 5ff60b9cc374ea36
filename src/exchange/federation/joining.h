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

/// The version after that one, with nothing changed yet.
policy::Roster next_of(const policy::Roster& before);

/// errors: unavailable: this node has no address under which others reach it
Done check_can_invite(const FederationOptions& options);

/// An invitation that one node can take within invite_life. Where several founders sign, whoever takes it
/// waits for them; a member to whom enrolment is delegated admits organisations of its nations alone.
///   errors  unavailable: this node has no address; denied: neither a founder nor a delegate
Result<Invite> invite(Federation& federation, const ledger::SignedRoster& alliance);

/// What joining led to.
struct Joined {
  ledger::SignedRoster roster{};  // of one that waits: as it will be
  OrganisationId by{};            // who invited
  std::string phrase{};
  bool waiting = false;  // other founders have to sign first; join again with the same invitation then
};
/// Asks to be let in where the invitation says.
///   errors  denied: used, expired or unknown code; unavailable; invalid: the answer is no roster with this
///           node in it, signed by who was pinned
Result<Joined> join(Federation& federation, const Invite& invite);

/// What became of somebody who asks to be let in.
struct Admission {
  ledger::SignedRoster roster{};  // with the member in it
  bool effective = false;         // else it waits for other founders
};
/// On the inviting side: uses the code up, and lets in, or proposes to. Whoever was proposed asks again by
/// the same code and key.
///   errors  denied: used, expired or unknown code
Result<Admission> admit_joiner(Federation& federation, const JoinRequest& request);

/// Lets that member in, or proposes to. errors: denied: a member already, or one of that name
Result<Admission> admit(Federation& federation,
                        const ledger::SignedRoster& alliance,
                        const policy::RosterMember& member);

/// Brings this node's entry up to its present keys and address in every alliance: signed here, countersigned
/// by a founder.
///   errors  unavailable: no founder of one alliance could be reached
Done renew_entry(Federation& federation);
/// What an operator asks of this node's keys.
struct KeyWish {
  bool root = false;            // the organisation's key too
  bool lost = false;            // the present ones may be in other hands: they count no more, at once
  Duration overlap = days(14);  // for how long the replaced ones count beside the new ones
};
/// Makes new keys, keeps them and tells every alliance. A lost root cannot be told: the founders remove this
/// member, and it joins anew.
///   errors  conflict: a root is being replaced already; exhausted; unavailable: told to nobody yet
Done replace_keys(Federation& federation, const KeyWish& wish);
/// Forgets the replaced keys: what is still sealed to them is lost.
///   errors  conflict: the founders of an alliance have not accepted the organisation's new key yet
Done end_overlap(Federation& federation);
/// When the overlap ends by itself; nothing: there is none.
Result<std::optional<Timestamp>> overlap_end(Federation& federation);

/// Leaves; true at once, false when the other founders have to sign first, since this is one of them.
///   errors  conflict: the only founder cannot leave
Result<bool> leave_alliance(Federation& federation, const ledger::SignedRoster& alliance);
/// On a founder's side. errors: invalid; conflict: not a change to the newest version
Result<ledger::SignedRoster> countersign(Federation& federation,
                                         const OrganisationId& member,
                                         const ledger::SignedRoster& wish);

/// The words that the operators of both compare.
Result<std::string> phrase_with(Federation& federation,
                                const ledger::SignedRoster& alliance,
                                const OrganisationId& member);

}  // namespace shieldwall::exchange::federation
