#include "exchange/federation/joining.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "ledger/rows.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using ledger::SignedRoster;
using policy::Roster;
using policy::RosterMember;

constexpr Duration join_time = seconds(30);

std::string code_key(std::string_view code) {
  return "invite/" + sha256(fmt::format("shieldwall invitation {}", to_hex(code))).hex();
}

Roster next_of(const Roster& before) {
  auto next = before;
  ++next.version;
  next.predecessor = policy::digest_of(before);
  return next;
}

Result<SignedRoster> signed_and_kept(Federation& federation, const Roster& roster) {
  const auto keys = TRY(federation.keys());
  SignedRoster next{.roster = policy::canonical(roster)};
  TRY(policy::check(next.roster));
  ledger::sign(next, federation.options().home, keys->root);
  TRY(federation.keep(next));
  return next;
}

bool is_founder(const Roster& roster, const OrganisationId& who) {
  return std::ranges::binary_search(roster.founders, who);
}

/// The alliance that the code was given out for; the code is used up.
Result<AllianceId> redeem(Federation& federation, std::string_view code) {
  auto& records = federation.services().store.records();
  const auto row = records.read(ledger::peer_table, code_key(code));
  if (!row && row.error().code == ErrorCode::not_found)
    return fail(ErrorCode::denied, "the invitation is used, expired or not from here; ask for a new one");
  if (!row) return fail(row.error());
  const store::Write use{
      .table = ledger::peer_table, .key = row->key, .value = std::nullopt, .expected = row->revision};
  TRY(records.write({&use, 1}));
  return AllianceId::parse(row->value);
}

/// The founder to whom a change is brought: one that can be called.
Result<SignedRoster> ask_founder(Federation& federation, const SignedRoster& wish, const Roster& before) {
  for (const auto& founder : before.founders) {
    const auto* const member = policy::find_member(before, founder);
    const auto address = member == nullptr ? std::nullopt : ledger::node_address(*member);
    if (!address) continue;
    const auto answer = federation.send(
        *address,
        member->pins,
        {.method = net::Method::post, .target = "/federation/entry", .body = ledger::encode(wish)},
        join_time);
    if (answer && answer->status == 200) return ledger::decode_signed_roster(answer->bytes());
  }
  return fail(
      ErrorCode::unavailable, "no founder of {} could be reached to countersign; try again", before.name);
}

Done submit(Federation& federation, const SignedRoster& alliance, const Roster& changed) {
  const auto keys = TRY(federation.keys());
  SignedRoster wish{.roster = policy::canonical(changed)};
  ledger::sign(wish, federation.options().home, keys->root);
  if (ledger::verify(wish, &alliance.roster)) return federation.keep(wish);
  const auto kept = TRY(ask_founder(federation, wish, alliance.roster));
  return federation.keep(kept);
}

}  // namespace

Result<RosterMember> own_entry(Federation& federation) {
  const auto keys = TRY(federation.keys());
  const auto& options = federation.options();
  const auto row = TRY(ledger::read_organisation(federation.services().store.records(), options.home));
  RosterMember member{
      .organisation = options.home,
      .name = row.value.name,
      .kind = row.value.nation ? policy::MemberKind::national : policy::MemberKind::non_nation,
      .nation = row.value.nation.value_or(policy::Nation{}),
      .keys = keys->public_keys(),
      .pins = {options.pin}};
  ledger::set_node_address(member, options.address);
  if (options.relay) member.expertise.emplace_back(relay_expertise);
  return member;
}

Result<SignedRoster> found_alliance(Federation& federation, std::string_view name) {
  TRY(ledger::check_line(name, "the alliance's name", 1, 256));
  const auto known = federation.known();
  for (const auto& one : known->newest)
    if (equal_ignoring_case(one.roster.name, name))
      return fail(ErrorCode::conflict, "an alliance named '{}' is known here already", excerpt(name));
  const auto entry = TRY(own_entry(federation));
  const Roster roster{.alliance = AllianceId::random(federation.services().random),
                      .name = std::string(name),
                      .founders = {entry.organisation},
                      .members = {entry}};
  return signed_and_kept(federation, roster);
}

Result<Invite> invite(Federation& federation, const SignedRoster& alliance) {
  const auto& options = federation.options();
  if (options.address.empty())
    return fail(
        ErrorCode::unavailable,
        "nobody can reach this node: set members.enabled and members.address in its configuration, or let "
        "the other side invite");
  if (!is_founder(alliance.roster, options.home) || alliance.roster.founders_needed > 1)
    return fail(
        ErrorCode::denied,
        "only a founder may invite, and where {} founders must sign the roster is changed by all of them",
        alliance.roster.founders_needed);
  auto& services = federation.services();
  const auto until = services.clock.now() + invite_life;
  Invite made{
      .address = options.address, .pin = options.pin, .code = services.random.bytes(invite_code_bytes)};
  const store::Write write{.table = ledger::peer_table,
                           .key = code_key(made.code),
                           .value = alliance.roster.alliance.text(),
                           .expected = 0,
                           .expires = until};
  TRY(services.store.records().write({&write, 1}));
  federation.expect_joiner(until);
  return made;
}

Result<SignedRoster> admit_joiner(Federation& federation, const JoinRequest& request) {
  const auto alliance = TRY(redeem(federation, request.code));
  const auto named = TRY(ledger::alliance_named(federation.services().store.records(), alliance.text()));
  return admit(federation, named, request.member());
}

Result<SignedRoster> admit(Federation& federation, const SignedRoster& named, const RosterMember& member) {
  auto next = next_of(named.roster);
  for (const auto& one : next.members) {
    if (one.organisation == member.organisation)
      return fail(
          ErrorCode::denied, "{} is a member already; the founders remove it before it joins anew", one.name);
    if (equal_ignoring_case(one.name, member.name))
      return fail(ErrorCode::denied, "another member is named '{}' already", excerpt(member.name));
  }
  const auto local = ledger::read_organisation(federation.services().store.records(), member.organisation);
  if (local && local->value.hosted)
    return fail(ErrorCode::denied, "{} lives on this node; it cannot join from elsewhere", local->value.name);
  next.members.push_back(member);
  TRY(ledger::audit_node(
      federation.services().store,
      federation.options().home,
      "alliance.join",
      {{"alliance", named.roster.name}, {"member", member.organisation.text()}, {"name", member.name}}));
  return signed_and_kept(federation, next);
}

Result<Joined> join(Federation& federation, const Invite& invitation) {
  const auto keys = TRY(federation.keys());
  const auto entry = TRY(own_entry(federation));
  const auto request = make_join_request(invitation.code, entry, keys->root);
  const auto answer = TRY(
      federation.send(invitation.address,
                      {invitation.pin},
                      {.method = net::Method::post, .target = "/federation/join", .body = encode(request)},
                      join_time));
  if (answer.status != 200)
    return fail(answer.status >= 500 ? ErrorCode::unavailable : ErrorCode::denied,
                "{} did not let this node in: {}",
                invitation.address,
                excerpt(answer.bytes(), 300));
  Joined joined;
  joined.roster = TRY(ledger::decode_signed_roster(answer.bytes()));
  const auto& roster = joined.roster.roster;
  const auto inviter = std::ranges::find_if(roster.members, [&](const RosterMember& one) {
    return std::ranges::find(one.pins, invitation.pin) != one.pins.end();
  });
  const auto* const own = policy::find_member(roster, entry.organisation);
  if (inviter == roster.members.end() || own == nullptr || own->keys != entry.keys || own->pins != entry.pins)
    return fail(ErrorCode::invalid,
                "{} answered with a roster in which this node is not as it said",
                invitation.address);
  TRY(federation.keep(joined.roster));
  joined.by = inviter->organisation;
  joined.phrase = comparison_phrase(roster.alliance, *inviter, *own);
  return joined;
}

Result<std::string> phrase_with(Federation& federation,
                                const SignedRoster& alliance,
                                const OrganisationId& member) {
  const auto* const own = policy::find_member(alliance.roster, federation.options().home);
  const auto* const other = policy::find_member(alliance.roster, member);
  if (own == nullptr || other == nullptr) return fail(ErrorCode::not_found, "no member of that alliance");
  return comparison_phrase(alliance.roster.alliance, *own, *other);
}

Done renew_entry(Federation& federation) {
  const auto entry = TRY(own_entry(federation));
  const auto known = federation.known();
  for (const auto& alliance : known->newest) {
    auto changed = next_of(alliance.roster);
    auto& mine = *std::ranges::find(changed.members, entry.organisation, &RosterMember::organisation);
    auto renewed = mine;
    renewed.keys = entry.keys;
    renewed.pins = entry.pins;
    ledger::set_node_address(renewed, federation.options().address);
    if (renewed == mine) continue;
    mine = renewed;
    TRY(submit(federation, alliance, changed));
  }
  return {};
}

Done leave_alliance(Federation& federation, const SignedRoster& alliance) {
  const auto& home = federation.options().home;
  if (is_founder(alliance.roster, home))
    return fail(ErrorCode::conflict,
                "a founder cannot leave: the others must first agree on a roster without it");
  auto changed = next_of(alliance.roster);
  std::erase_if(changed.members, [&](const RosterMember& one) { return one.organisation == home; });
  return submit(federation, alliance, changed);
}

Result<SignedRoster> countersign(Federation& federation,
                                 const OrganisationId& member,
                                 const SignedRoster& wish) {
  const auto kept =
      TRY(ledger::alliance_named(federation.services().store.records(), wish.roster.alliance.text()));
  if (!is_founder(kept.roster, federation.options().home))
    return fail(ErrorCode::denied, "this node is no founder of that alliance");
  if (wish.roster.version != kept.roster.version + 1)
    return fail(
        ErrorCode::conflict, "version {} is the newest; make the change to that one", kept.roster.version);
  TRY(policy::check_successor(kept.roster, wish.roster));
  if (!ledger::is_own_change(kept.roster, wish.roster, member))
    return fail(ErrorCode::denied, "a member changes its own keys, pins and contacts and nothing else");
  const auto keys = TRY(federation.keys());
  auto next = wish;
  const auto* const entry = policy::find_member(kept.roster, member);
  const auto digest = policy::digest_of(wish.roster);
  const bool signed_by_member =
      entry != nullptr && std::ranges::any_of(wish.signatures, [&](const auto& one) {
        if (one.by != member) return false;
        for (const auto& key : ledger::keys_for(*entry, policy::KeyUse::root))
          if (const auto root = VerifyKey::from(key.key);
              root && verifies(*root, digest.view(), one.signature))
            return true;
        return false;
      });
  if (!signed_by_member) return fail(ErrorCode::denied, "the member's signature does not verify");
  ledger::sign(next, federation.options().home, keys->root);
  TRY(federation.keep(next));
  return next;
}

}  // namespace shieldwall::exchange::federation
