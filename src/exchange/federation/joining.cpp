#include "exchange/federation/joining.h"

#include <algorithm>

#include "base/text.h"
#include "exchange/federation/proposing.h"
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

Result<SignedRoster> signed_and_kept(Federation& federation, const Roster& roster, const Roster& before) {
  const auto keys = TRY(federation.keys());
  const auto& home = federation.options().home;
  SignedRoster next{.roster = policy::canonical(roster)};
  TRY(policy::check(next.roster));
  ledger::sign(next, home, ledger::root_listed(*keys, before, home));
  TRY(federation.keep(next));
  return next;
}

bool is_founder(const Roster& roster, const OrganisationId& who) {
  return std::ranges::binary_search(roster.founders, who);
}

/// Nations whose organisations the founders let that member enrol.
bool is_delegate(const Roster& roster, const OrganisationId& who) {
  return std::ranges::find(roster.delegations, who, &policy::Delegation::to) != roster.delegations.end();
}

/// What a code was given out for, and, once somebody asked by it, whose entry waits for the founders.
struct Given {
  AllianceId alliance{};
  std::string digest{};  // SHA-256 of organisation, keys and pins, in hexadecimal; empty: nobody asked yet
  store::Record row{};
};

std::string digest_of_entry(const RosterMember& member) {
  Sha256 hash;
  hash.add(member.organisation.uuid.view());
  for (const auto& key : member.keys) hash.add(policy::key_id(key).view());
  for (const auto& pin : member.pins) hash.add(pin.view());
  return hash.finish().hex();
}

Result<Given> given_for(Federation& federation, const JoinRequest& request) {
  auto& records = federation.services().store.records();
  auto row = records.read(ledger::peer_table, code_key(request.code));
  const auto none =
      fail(ErrorCode::denied, "the invitation is used, expired or not from here; ask for a new one");
  if (!row && row.error().code == ErrorCode::not_found) return none;
  if (!row) return fail(row.error());
  const auto space = row->value.find(' ');
  const auto alliance = TRY(AllianceId::parse(std::string_view(row->value).substr(0, space)));
  Given given{.alliance = alliance, .row = *row};
  if (space != std::string::npos) given.digest = row->value.substr(space + 1);
  if (!given.digest.empty() && given.digest != digest_of_entry(request.member())) return none;
  return given;
}

Done write_code(Federation& federation, const Given& given, std::optional<Bytes> value, Timestamp expires) {
  const store::Write write{.table = ledger::peer_table,
                           .key = given.row.key,
                           .value = std::move(value),
                           .expected = given.row.revision,
                           .expires = expires};
  return federation.services().store.records().write({&write, 1});
}

bool is_in(const Roster& roster, const RosterMember& member) {
  const auto* const found = policy::find_member(roster, member.organisation);
  return found != nullptr && found->keys == member.keys && found->pins == member.pins;
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

/// By itself where that is enough, by a founder that countersigns, or by the founders together. True when it
/// counts already.
Result<bool> submit(Federation& federation, const SignedRoster& alliance, const Roster& changed) {
  const auto keys = TRY(federation.keys());
  const auto& home = federation.options().home;
  SignedRoster wish{.roster = policy::canonical(changed)};
  ledger::sign(wish, home, ledger::root_listed(*keys, alliance.roster, home));
  if (ledger::verify(wish, &alliance.roster)) {
    TRY(federation.keep(wish));
    return true;
  }
  if (!ledger::is_own_change(alliance.roster, wish.roster, home)) {
    const auto proposed = TRY(propose(federation, alliance, wish.roster, ""));
    return proposed.effective;
  }
  const auto kept = TRY(ask_founder(federation, wish, alliance.roster));
  TRY(federation.keep(kept));
  return true;
}

/// The entry with those keys and this node's pins and address; nothing to do where it stands so already.
Done renew_in(Federation& federation,
              const AllianceId& alliance,
              const RosterMember& entry,
              const std::vector<policy::MemberKey>& keys) {
  const auto known = federation.known();
  const auto now =
      std::ranges::find(known->newest, alliance, [](const SignedRoster& one) { return one.roster.alliance; });
  if (now == known->newest.end()) return {};
  auto changed = next_of(now->roster);
  auto& mine = *std::ranges::find(changed.members, entry.organisation, &RosterMember::organisation);
  auto renewed = mine;
  renewed.keys = keys;
  renewed.pins = entry.pins;
  ledger::set_node_address(renewed, federation.options().address);
  if (renewed == mine) return {};
  mine = renewed;
  TRY(submit(federation, *now, changed));
  return {};
}

}  // namespace

Roster next_of(const Roster& before) {
  auto next = before;
  ++next.version;
  next.predecessor = policy::digest_of(before);
  return next;
}

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
      .pins = federation.pins()};
  ledger::set_node_address(member, options.address);
  if (options.hub) member.expertise.emplace_back(ledger::hub_expertise);
  if (options.relay || options.hub) member.expertise.emplace_back(relay_expertise);
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
  return signed_and_kept(federation, roster, roster);
}

Done check_can_invite(const FederationOptions& options) {
  if (!options.address.empty()) return {};
  return fail(ErrorCode::unavailable,
              "nobody can reach this node: set members.enabled, members.port and members.address in its "
              "configuration, or let the other side invite");
}

Result<Invite> invite(Federation& federation, const SignedRoster& alliance) {
  const auto& options = federation.options();
  TRY(check_can_invite(options));
  if (!is_founder(alliance.roster, options.home) && !is_delegate(alliance.roster, options.home))
    return fail(ErrorCode::denied,
                "only a founder invites, or a member to whom the founders delegated enrolment");
  auto& services = federation.services();
  const auto until = services.clock.now() + invite_life;
  Invite made{
      .address = options.address, .pin = federation.pin(), .code = services.random.bytes(invite_code_bytes)};
  const store::Write write{.table = ledger::peer_table,
                           .key = code_key(made.code),
                           .value = alliance.roster.alliance.text(),
                           .expected = 0,
                           .expires = until};
  TRY(services.store.records().write({&write, 1}));
  federation.expect_joiner(until);
  return made;
}

Result<Admission> admit_joiner(Federation& federation, const JoinRequest& request) {
  const auto given = TRY(given_for(federation, request));
  const auto named =
      TRY(ledger::alliance_named(federation.services().store.records(), given.alliance.text()));
  if (!given.digest.empty() && is_in(named.roster, request.member())) {
    TRY(write_code(federation, given, std::nullopt, Timestamp::never()));
    return Admission{.roster = named, .effective = true};
  }
  // Used up before anything is done by it: two who ask at once are not both let in.
  const auto until = federation.services().clock.now() + ledger::proposal_life;
  TRY(write_code(federation, given, given.alliance.text() + " " + digest_of_entry(request.member()), until));
  auto admission = admit(federation, named, request.member());
  if (!admission || admission->effective) {
    const store::Write used{
        .table = ledger::peer_table, .key = given.row.key, .value = std::nullopt, .expected = std::nullopt};
    TRY(federation.services().store.records().write({&used, 1}));
  } else {
    federation.expect_joiner(until);
  }
  return admission;
}

Result<Admission> admit(Federation& federation, const SignedRoster& named, const RosterMember& member) {
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
  next = policy::canonical(std::move(next));
  const auto& home = federation.options().home;
  const bool alone = policy::is_delegated(named.roster, next, home);
  if (!alone && !is_founder(named.roster, home))
    return fail(ErrorCode::denied,
                "{} is of no nation whose organisations this node may enrol; ask a founder",
                excerpt(member.name));
  TRY(ledger::audit_node(
      federation.services().store,
      home,
      "alliance.join",
      {{"alliance", named.roster.name}, {"member", member.organisation.text()}, {"name", member.name}}));
  if (alone || named.roster.founders_needed == 1) {
    auto kept = TRY(signed_and_kept(federation, next, named.roster));
    return Admission{.roster = std::move(kept), .effective = true};
  }
  const auto proposed = TRY(propose(federation, named, next, "joins by an invitation"));
  return Admission{.roster = proposed.proposal.roster, .effective = proposed.effective};
}

/// Who was a member before goes on from the version that it knew.
static Done keep_chain(Federation& federation,
                       const Invite& invitation,
                       const std::vector<SignedRoster>& rosters) {
  const auto& first = rosters.front().roster;
  const auto kept = TRY(ledger::signed_rosters(federation.services().store.records(), first.alliance, 0));
  if (!kept.empty() && kept.back().roster.version + 1 < first.version) {
    const auto target = fmt::format(
        "/federation/rosters?alliance={}&after={}", first.alliance.text(), kept.back().roster.version);
    const auto answer = TRY(federation.send(
        invitation.address, {invitation.pin}, {.method = net::Method::get, .target = target}, join_time));
    for (const auto& one : TRY(decode_rosters(answer.bytes()))) TRY(federation.keep(one));
  }
  for (const auto& one : rosters)
    if (kept.empty() || one.roster.version > kept.back().roster.version) TRY(federation.keep(one));
  return {};
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
  if (answer.status != 200 && answer.status != 202)
    return fail(answer.status >= 500 ? ErrorCode::unavailable : ErrorCode::denied,
                "{} did not let this node in: {}",
                invitation.address,
                excerpt(answer.bytes(), 300));
  const auto rosters = TRY(decode_rosters(answer.bytes()));
  if (rosters.empty()) return fail(ErrorCode::invalid, "{} answered without a roster", invitation.address);
  Joined joined{.roster = rosters.back(), .waiting = answer.status == 202};
  const auto& roster = joined.roster.roster;
  const auto inviter = std::ranges::find_if(roster.members, [&](const RosterMember& one) {
    return std::ranges::find(one.pins, invitation.pin) != one.pins.end();
  });
  const auto* const own = policy::find_member(roster, entry.organisation);
  if (inviter == roster.members.end() || own == nullptr || own->keys != entry.keys || own->pins != entry.pins)
    return fail(ErrorCode::invalid,
                "{} answered with a roster in which this node is not as it said",
                invitation.address);
  joined.by = inviter->organisation;
  joined.phrase = comparison_phrase(roster.alliance, *inviter, *own);
  if (!joined.waiting) TRY(keep_chain(federation, invitation, rosters));
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
    const auto* const mine = policy::find_member(alliance.roster, entry.organisation);
    const auto roots = ledger::keys_for(*mine, policy::KeyUse::root);
    if (std::ranges::none_of(
            roots, [&](const auto& root) { return std::ranges::find(entry.keys, root) != entry.keys.end(); }))
      continue;  // the root was lost: this node can sign nothing there until it joins anew
    // A new root is for the founders to accept, and what else is new does not wait for that.
    auto at_once = entry.keys;
    std::erase_if(at_once, [&](const policy::MemberKey& key) {
      return key.use == policy::KeyUse::root && std::ranges::find(roots, key) == roots.end();
    });
    TRY(renew_in(federation, alliance.roster.alliance, entry, at_once));
    if (at_once != entry.keys) TRY(renew_in(federation, alliance.roster.alliance, entry, entry.keys));
  }
  return {};
}

Result<bool> leave_alliance(Federation& federation, const SignedRoster& alliance) {
  const auto& home = federation.options().home;
  if (alliance.roster.founders == std::vector<OrganisationId>{home})
    return fail(ErrorCode::conflict,
                "the only founder cannot leave: nobody could change the roster any more; make another member "
                "a founder first (alliance propose --founder)");
  if (is_founder(alliance.roster, home)) {
    const auto next = TRY(wished(alliance.roster, {.remove = {home}}));
    const auto proposed = TRY(propose(federation, alliance, next, "leaves the alliance"));
    return proposed.effective;
  }
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
  const bool signed_by_member = ledger::is_signed_by(wish, member, kept.roster);
  if (!signed_by_member) return fail(ErrorCode::denied, "the member's signature does not verify");
  const auto& home = federation.options().home;
  ledger::sign(next, home, ledger::root_listed(*keys, kept.roster, home));
  TRY(federation.keep(next));
  return next;
}

}  // namespace shieldwall::exchange::federation
