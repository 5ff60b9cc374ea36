#include "exchange/federation/proposing.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "exchange/federation/joining.h"
#include "ledger/audit.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using ledger::Proposal;
using ledger::SignedRoster;
using policy::Roster;
using policy::RosterMember;

constexpr std::size_t council_bytes_max = 64u << 20;  // as rosters: one proposal may be the largest of them

template <typename T>
void drop(std::vector<T>& list, const T& one) {
  std::erase(list, one);
}

Done is_member(const Roster& roster, const OrganisationId& who) {
  if (policy::find_member(roster, who) != nullptr) return {};
  return fail(ErrorCode::invalid, "{} is no member of {}", who.text(), roster.name);
}

void remove(Roster& roster, const OrganisationId& who) {
  std::erase_if(roster.members, [&](const RosterMember& one) { return one.organisation == who; });
  std::erase_if(roster.delegations, [&](const policy::Delegation& one) { return one.to == who; });
  for (auto& member : roster.members) drop(member.clients, who);
  drop(roster.founders, who);
}

SignedRoster with_own_signature(Federation& federation,
                                SignedRoster roster,
                                const Roster& before,
                                const ledger::NodeKeys& keys) {
  const auto& home = federation.options().home;
  ledger::sign(roster, home, ledger::root_listed(keys, before, home));
  return roster;
}

/// A founder signs one change of a version, and may go over only to one that goes before: so those who chose
/// differently end at the same.
Done check_vote(Federation& federation, const Roster& before, const Roster& next) {
  const auto& home = federation.options().home;
  for (const auto& other : TRY(ledger::proposals(federation.services().store.records(), next.alliance))) {
    if (other.next().version != next.version || other.next() == next) continue;
    if (ledger::is_signed_by(other.roster, home, before) && ledger::goes_before(other.next(), next))
      return fail(
          ErrorCode::conflict,
          "this organisation signed proposal {} for the same version, which goes before this one: wait "
          "until it counts or its time is over, then propose this change anew",
          ledger::name_of(other));
  }
  return {};
}

/// Effective when enough signed it.
Result<bool> settle(Federation& federation, const Proposal& proposal) {
  auto& services = federation.services();
  const auto newest = TRY(ledger::alliance_named(services.store.records(), proposal.next().alliance.text()));
  if (!ledger::verify(proposal.roster, &newest.roster)) return false;
  TRY(ledger::audit_node(services.store,
                         federation.options().home,
                         "alliance.changed",
                         {{"alliance", newest.roster.name},
                          {"version", proposal.next().version},
                          {"proposal", ledger::name_of(proposal)},
                          {"by", proposal.by.text()},
                          {"founders", proposal.roster.signatures.size()}}));
  TRY(federation.keep(proposal.roster));
  TRY(ledger::forget_proposal(services.store.records(), proposal));
  return true;
}

Result<Proposed> kept_and_settled(Federation& federation, Proposal proposal) {
  auto& services = federation.services();
  Proposed proposed;
  proposed.proposal =
      TRY(ledger::keep_proposal(services.store.records(), std::move(proposal), services.clock.now()));
  proposed.effective = TRY(settle(federation, proposed.proposal));
  federation.note_proposals();
  return proposed;
}

Result<bool> take_one(Federation& federation, const Proposal& proposal) {
  const auto known = federation.known();
  const auto newest = std::ranges::find(
      known->newest, proposal.next().alliance, [](const SignedRoster& one) { return one.roster.alliance; });
  if (newest == known->newest.end() || proposal.next().version <= newest->roster.version) return false;
  auto& services = federation.services();
  const auto before = ledger::proposal_named(services.store.records(), ledger::name_of(proposal));
  const auto kept = TRY(ledger::keep_proposal(services.store.records(), proposal, services.clock.now()));
  if (before && *before == kept) return false;
  federation.note_proposals();
  return settle(federation, kept);
}

bool is_founder(const Known& known, const AllianceId& alliance, const OrganisationId& who) {
  return std::ranges::any_of(known.newest, [&](const SignedRoster& one) {
    return one.roster.alliance == alliance && std::ranges::binary_search(one.roster.founders, who);
  });
}

Result<ChainStand> read_stand(policy::ByteReader& in) {
  ChainStand stand;
  stand.alliance.uuid = TRY(in.uuid());
  stand.version = TRY(in.number<std::uint32_t>());
  stand.digest = TRY(in.digest());
  return stand;
}

}  // namespace

Result<Roster> wished(const Roster& before, const RosterWish& wish) {
  auto next = next_of(before);
  for (const auto* const named : {&wish.remove, &wish.founders, &wish.not_founders})
    for (const auto& who : *named) TRY(is_member(before, who));
  for (const auto& one : wish.delegate) TRY(is_member(before, one.to));
  for (const auto& who : wish.remove) remove(next, who);
  for (const auto& who : wish.founders) next.founders.push_back(who);
  for (const auto& who : wish.not_founders) drop(next.founders, who);
  next.delegations.insert(next.delegations.end(), wish.delegate.begin(), wish.delegate.end());
  for (const auto& one : wish.end_delegation) drop(next.delegations, one);
  next = policy::canonical(std::move(next));
  next.founders_needed = wish.founders_needed.value_or(
      std::min<std::uint32_t>(before.founders_needed, static_cast<std::uint32_t>(next.founders.size())));
  if (policy::difference(before, next).is_empty())
    return fail(ErrorCode::invalid, "nothing would change; say what should");
  TRY(policy::check(next));
  return next;
}

Result<Proposed> propose(Federation& federation,
                         const SignedRoster& alliance,
                         const Roster& next,
                         std::string_view reason) {
  const auto keys = TRY(federation.keys());
  const auto& home = federation.options().home;
  TRY(check_vote(federation, alliance.roster, next));
  Proposal proposal{.roster = {.roster = policy::canonical(next)},
                    .by = home,
                    .at = federation.services().clock.now(),
                    .reason = excerpt(reason, ledger::proposal_reason_max)};
  proposal.roster = with_own_signature(federation, std::move(proposal.roster), alliance.roster, *keys);
  proposal.signature = ledger::root_listed(*keys, alliance.roster, home).sign(ledger::signed_text(proposal));
  return kept_and_settled(federation, std::move(proposal));
}

Result<Proposed> sign_proposal(Federation& federation, std::string_view name) {
  auto& records = federation.services().store.records();
  auto proposal = TRY(ledger::proposal_named(records, name));
  const auto newest = TRY(ledger::alliance_named(records, proposal.next().alliance.text()));
  TRY(ledger::judge(proposal, newest.roster));
  if (!std::ranges::binary_search(newest.roster.founders, federation.options().home))
    return fail(ErrorCode::denied, "this node's organisation is no founder of {}", newest.roster.name);
  TRY(check_vote(federation, newest.roster, proposal.next()));
  const auto keys = TRY(federation.keys());
  proposal.roster = with_own_signature(federation, std::move(proposal.roster), newest.roster, *keys);
  return kept_and_settled(federation, std::move(proposal));
}

std::size_t take_proposals(Federation& federation, const std::vector<Proposal>& proposals) {
  std::size_t effective = 0;
  for (const auto& one : proposals) {
    const auto taken = take_one(federation, one);
    if (taken && *taken) ++effective;
    if (!taken)
      log::warn("a proposal is not kept",
                {{"proposal", ledger::name_of(one)}, {"why", taken.error().message}});
  }
  return effective;
}

Result<std::vector<Proposal>> open_proposals(Federation& federation) {
  auto& records = federation.services().store.records();
  std::vector<Proposal> open;
  for (auto& one : TRY(ledger::proposals(records, std::nullopt))) {
    const auto kept = TRY(ledger::signed_rosters(records, one.next().alliance, one.next().version - 1));
    if (!kept.empty() && kept.front().roster == one.next())
      TRY(ledger::forget_proposal(records, one));
    else
      open.push_back(std::move(one));
  }
  return open;
}

Bytes encode(const Council& council) {
  policy::ByteWriter out;
  out.number(std::uint8_t{1});
  out.list(council.stands, [](policy::ByteWriter& to, const ChainStand& one) {
    to.uuid(one.alliance.uuid);
    to.number(one.version);
    to.digest(one.digest);
  });
  out.raw(ledger::encode_proposals(council.proposals));
  return std::move(out).take();
}

Result<Council> decode_council(std::string_view bytes) {
  if (bytes.size() > council_bytes_max)
    return fail(ErrorCode::exhausted, "a council of more than {} bytes", council_bytes_max);
  policy::ByteReader in(bytes, "council");
  if (TRY(in.number<std::uint8_t>()) != 1) return in.refuse("a version this program does not know");
  Council council;
  council.stands = TRY(in.ascending_list(alliances_max, 52, read_stand));
  council.proposals = TRY(ledger::decode_proposals(in.rest()));
  return council;
}

Result<Council> council_for(Federation& federation, const std::optional<OrganisationId>& peer) {
  const auto known = federation.known();
  Council council;
  for (std::size_t i = 0; i < known->newest.size(); ++i) {
    const auto& roster = known->newest[i].roster;
    if (!peer || policy::find_member(roster, *peer) != nullptr)
      council.stands.push_back({roster.alliance, roster.version, known->digests[i]});
  }
  for (auto& one : TRY(open_proposals(federation)))
    if (!peer || is_founder(*known, one.next().alliance, *peer)) council.proposals.push_back(std::move(one));
  return council;
}

Done confer(Federation& federation, const OrganisationId& peer) {
  const auto mine = TRY(council_for(federation, peer));
  const auto answer = TRY(federation.tell(peer, "/federation/council", encode(mine)));
  const auto theirs = TRY(decode_council(answer));
  take_proposals(federation, theirs.proposals);
  const auto known = federation.known();
  for (const auto& stand : theirs.stands)
    for (std::size_t i = 0; i < known->newest.size(); ++i)
      if (known->newest[i].roster.alliance == stand.alliance &&
          known->newest[i].roster.version == stand.version && known->digests[i] != stand.digest)
        TRY(federation.heal(peer, stand.alliance, stand.version));
  return {};
}

}  // namespace shieldwall::exchange::federation
