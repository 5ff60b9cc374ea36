// "/api/v1/alliances...": what an operator does and sees of the node's alliances; suspending a member;
// recalling an object and who confirmed it.

#include <algorithm>

#include "api/fields.h"
#include "api/shelf.h"
#include "base/text.h"
#include "exchange/federation/again.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/refusals.h"
#include "exchange/federation/tls_rollover.h"
#include "exchange/federation/warning.h"
#include "ledger/audit.h"
#include "ledger/member_times.h"
#include "ledger/organisation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using ledger::SignedRoster;
using model::JsonWriter;
using net::Method;

constexpr std::size_t body_bytes_max_here = 64u << 10;
constexpr std::int64_t overlap_days_max = 365;

Result<SignedRoster> alliance_in_path(Call& call) {
  return ledger::alliance_named(call.services.store.records(), call.part("alliance"));
}

/// The member named in the path, by id or name, of any alliance.
Result<OrganisationId> member_in_path(Call& call, const Known& known) {
  const auto row = TRY(ledger::organisation_named(call.services.store.records(), call.part("organisation")));
  if (known.member(row.value.id) == nullptr || row.value.id == known.home)
    return fail(ErrorCode::not_found, "{} is no other member of an alliance of this node", row.value.name);
  return row.value.id;
}

void write_member(JsonWriter& out,
                  Federation& federation,
                  const SignedRoster& alliance,
                  const policy::RosterMember& member) {
  const auto known = federation.known();
  out.begin_object();
  out.member("id", member.organisation.text());
  out.member("name", member.name);
  if (member.nation != policy::Nation{}) out.member("nation", member.nation.text());
  out.member("founder", std::ranges::binary_search(alliance.roster.founders, member.organisation));
  if (const auto address = ledger::node_address(member)) out.member("address", *address);
  out.member("relay", is_relay(member));
  out.member("hub", ledger::is_hub(member));
  out.member("here", member.organisation == known->home);
  out.member("suspended", known->is_suspended(member.organisation));
  if (member.organisation != known->home) {
    if (const auto phrase = phrase_with(federation, alliance, member.organisation))
      out.member("phrase", *phrase);
    auto& records = federation.services().store.records();
    const auto sent = out_stand(records, member.organisation);
    const auto ack = kept_ack(records, member.organisation);
    const auto taken = in_stand(records, member.organisation);
    out.member("sent", sent ? sent->last : 0);
    out.member("acknowledged", ack ? ack->last : 0);
    out.member("taken", taken ? taken->last : 0);
  }
  out.end_object();
}

void write_alliance(JsonWriter& out, Federation& federation, const SignedRoster& alliance) {
  const auto& roster = alliance.roster;
  out.begin_object();
  out.member("id", roster.alliance.text());
  out.member("name", roster.name);
  out.member("version", std::uint64_t{roster.version});
  out.member("founders_needed", std::uint64_t{roster.founders_needed});
  const auto circle = ledger::read_circle(federation.services().store.records(),
                                          ledger::circle_of(roster.alliance, federation.options().home));
  if (circle) out.member("circle", circle->value.alias);
  out.key("members");
  out.begin_array();
  for (const auto& member : roster.members) write_member(out, federation, alliance, member);
  out.end_array();
  out.end_object();
}

Result<Response> list_alliances(Call& call) {
  auto* const federation = TRY(operated(call));
  JsonWriter out;
  out.begin_object();
  if (const auto end = TRY(overlap_end(*federation))) out.member("keys_overlap_until", to_text(*end));
  if (const auto times = TRY(tls_times(*federation))) {
    out.member("tls_shown_from", to_text(times->shown));
    out.member("tls_shown", times->is_shown);
    out.member("tls_overlap_until", to_text(times->end));
  }
  out.key("alliances");
  out.begin_array();
  for (const auto& one : federation->known()->newest) write_alliance(out, *federation, one);
  out.end_array();
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> create_alliance(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto name = TRY(fields.text("name"));
  TRY(fields.finish());
  TRY(ledger::audit(call.services.store, *call.caller, "alliance.create", {{"name", name}}));
  const auto made = TRY(found_alliance(*federation, name));
  JsonWriter out;
  write_alliance(out, *federation, made);
  return told(201, std::move(out));
}

Result<Response> invite_member(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto alliance = TRY(alliance_in_path(call));
  TRY(ledger::audit(
      call.services.store, *call.caller, "alliance.invite", {{"alliance", alliance.roster.name}}));
  const auto made = TRY(invite(*federation, alliance));
  JsonWriter out;
  out.begin_object();
  out.member("invitation", made.text());
  out.member("expires", to_text(call.now + invite_life));
  out.end_object();
  return told(201, std::move(out));
}

Result<Response> join_alliance(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto text = TRY(fields.text("invitation"));
  TRY(fields.finish());
  const auto invitation = TRY(Invite::parse(text));
  TRY(ledger::audit(call.services.store, *call.caller, "alliance.ask", {{"address", invitation.address}}));
  const auto joined = TRY(join(*federation, invitation));
  JsonWriter out;
  out.begin_object();
  out.member("phrase", joined.phrase);
  out.member("by", joined.by.text());
  out.member("waiting", joined.waiting);
  out.key("alliance");
  write_alliance(out, *federation, joined.roster);
  out.end_object();
  return told(201, std::move(out));
}

Result<Response> leave_this_alliance(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto alliance = TRY(alliance_in_path(call));
  TRY(ledger::audit(
      call.services.store, *call.caller, "alliance.leave", {{"alliance", alliance.roster.name}}));
  const auto left = TRY(leave_alliance(*federation, alliance));
  JsonWriter out;
  out.begin_object();
  out.member("left", left);
  out.end_object();
  return told(200, std::move(out));
}

/// Two named persons say what time it is, on a node that no member reaches.
Result<Response> attest_time(Call& call) {
  TRY(operated(call));
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto at = TRY(fields.optional_time("time"));
  TRY(fields.finish());
  if (!at) return fail(ErrorCode::invalid, "time: which, as in 2026-01-31T00:00:00Z");
  if (call.caller->account == AccountId{})
    return fail(ErrorCode::denied, "a named person attests the time: act as your own account (--as NAME)");
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "time.attest",
                    {{"time", to_text(*at)}, {"clock", to_text(call.now)}}));
  auto& times = call.services.shelf->of<ledger::MemberTimes>();
  times.attest(call.caller->name, *at, call.services.clock.steady());
  JsonWriter out;
  out.begin_object();
  out.key("attested_by");
  out.begin_array();
  for (const auto& name : times.attesters()) out.value(name);
  out.end_array();
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> roll_keys(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto end = TRY(fields.flag("end_overlap", false));
  KeyWish wish;
  wish.root = TRY(fields.flag("organisation_key", false));
  wish.lost = TRY(fields.flag("lost", false));
  const auto tls = TRY(fields.flag("tls", false));
  if (const auto given = TRY(fields.optional_number("overlap_days"))) {
    if (*given < 1 || *given > overlap_days_max)
      return fail(ErrorCode::invalid, "overlap_days: 1 to {}", overlap_days_max);
    wish.overlap = days(*given);
  }
  TRY(fields.finish());
  if (tls && (wish.root || wish.lost))
    return fail(ErrorCode::invalid, "tls: the TLS key alone is replaced by this; ask for the others apart");
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    end ? "keys.end_overlap" : "keys.roll",
                    {{"organisation_key", wish.root}, {"lost", wish.lost}, {"tls", tls}}));
  if (tls)
    TRY(end ? tend_tls(*federation, true) : replace_tls(*federation, wish.overlap));
  else if (end)
    TRY(end_overlap(*federation));
  else
    TRY(replace_keys(*federation, wish));
  return Response::nothing();
}

Result<Response> suspend(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto known = federation->known();
  const auto member = TRY(member_in_path(call, *known));
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto reason = TRY(fields.optional_text("reason")).value_or("");
  const auto remove = TRY(fields.flag("remove", false));
  const auto warn = TRY(fields.flag("warn", false));
  TRY(fields.finish());
  if (known->is_suspended(member)) return fail(ErrorCode::conflict, "it is suspended already");
  const auto from = TRY(released_up_to(call.services.store.records()));
  const auto write =
      write_of(Suspension{.member = member, .at = call.now, .reason = excerpt(reason, 500), .from = from});
  TRY(ledger::change(call.services.store,
                     *call.caller,
                     "member.suspend",
                     {{"member", member.text()}, {"why", reason}},
                     {&write, 1}));
  TRY(federation->refresh());
  std::uint64_t removed = 0;
  if (remove) removed = TRY(remove_what_it_sent(*federation, member));
  if (warn) TRY(warn_of(*federation, member, reason));
  JsonWriter out;
  out.begin_object();
  out.member("member", member.text());
  out.member("removed", removed);
  out.member("warned", warn);
  out.end_object();
  return told(200, std::move(out));
}

/// What its log shows since this node saw it last; whoever takes it back without says so.
Result<std::string> look_at_log(Federation& federation, const OrganisationId& member, bool unverified) {
  if (unverified) return std::string("not looked at, by the operator's choice");
  if (!federation.options().check_log) return std::string("this node sees no logs");
  auto seen = federation.options().check_log(member);
  if (seen) return seen;
  return fail(ErrorCode::conflict,
              "its log was not verified: {}; it stays suspended (--unverified takes it back all the same)",
              seen.error().message);
}

Result<Response> reinstate(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto known = federation->known();
  const auto member = TRY(member_in_path(call, *known));
  const auto found = known->suspended.find(member);
  if (found == known->suspended.end()) return fail(ErrorCode::conflict, "it is not suspended");
  const auto document = TRY(body_in(call, body_bytes_max_here));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto unverified = TRY(fields.flag("unverified", false));
  TRY(fields.finish());
  const auto told_of_log = TRY(look_at_log(*federation, member, unverified));
  const auto keys = TRY(federation->keys());
  const auto tell = [&] {
    return release_again(call.services, *federation->known(), *keys, member, found->second.from);
  };
  // What it missed waits before it is let in: a crash in between leaves it suspended. What was released
  // meanwhile is told after; a second time is no harm.
  TRY(tell());
  // And what a relay brought of it meanwhile is asked for, before and after, since it may come at once.
  TRY(ask_again(call.services, *federation->known(), *keys, member));
  const auto write = end_of_suspension(member);
  TRY(ledger::change(call.services.store,
                     *call.caller,
                     "member.reinstate",
                     {{"member", member.text()}, {"log", told_of_log}},
                     {&write, 1}));
  TRY(federation->refresh());
  TRY(end_warnings(*federation, member));
  TRY(tell());
  TRY(ask_again(call.services, *federation->known(), *keys, member));
  TRY(federation->refresh());
  JsonWriter out;
  out.begin_object();
  out.member("member", member.text());
  out.member("log", told_of_log);
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> impact(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto member = TRY(member_in_path(call, *federation->known()));
  Timestamp since{};
  if (const auto text = call.target.parameter("since")) since = TRY(parse_lenient_time(*text));
  JsonWriter out;
  TRY(write_impact(out, *federation, member, since));
  return told(200, std::move(out));
}

Result<Response> refusals(Call& call) {
  auto* const federation = TRY(operated(call));
  JsonWriter out;
  TRY(write_refusals(out, *federation));
  return told(200, std::move(out));
}

Result<Response> recall(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  TRY(ledger::audit(call.services.store, *call.caller, "object.recall", {{"object", id.text()}}));
  TRY(recall_object(*federation, id));
  JsonWriter out;
  TRY(write_recall(out, *federation, id));
  return told(200, std::move(out));
}

Result<Response> recalled(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  JsonWriter out;
  TRY(write_recall(out, *federation, id));
  return told(200, std::move(out));
}

constexpr api::Field alliance_fields[] = {
    {"id", "string", "UUID"},
    {"name", "string", "in words"},
    {"version", "integer", "of its roster"},
    {"founders_needed", "integer", "how many founders sign a change"},
    {"circle", "string", "alias of the circle through which this node releases to all of it", false},
    {"members",
     "[]object",
     "id, name, nation, founder, address, relay, hub, here, suspended, phrase to compare, sent, "
     "acknowledged and taken deliveries"},
};
constexpr api::Type alliance_type{"Alliance", alliance_fields};
constexpr api::Field list_fields[] = {
    {"keys_overlap_until", "timestamp", "until then this node's replaced keys count too", false},
    {"tls_shown_from", "timestamp", "from then on this node shows its new TLS key", false},
    {"tls_shown", "boolean", "it does already", false},
    {"tls_overlap_until", "timestamp", "until then the roster lists both TLS keys", false},
    {"alliances", "[]object", "each as Alliance"}};
constexpr api::Type list_type{"Alliances", list_fields};
constexpr api::Field create_fields[] = {{"name", "string", "in words, one line"}};
constexpr api::Type create_type{"NewAlliance", create_fields};
constexpr api::Field invitation_fields[] = {
    {"invitation", "string", "to be given to the other operator; taken once"},
    {"expires", "timestamp", "after which it is not taken any more"},
};
constexpr api::Type invitation_type{"Invitation", invitation_fields};
constexpr api::Field join_fields[] = {{"invitation", "string", "as the other operator gave it"}};
constexpr api::Type join_type{"JoinAlliance", join_fields};
constexpr api::Field joined_fields[] = {
    {"phrase", "string", "words that both operators see"},
    {"by", "string", "id of the organisation that invited"},
    {"waiting", "boolean", "other founders have to sign first: join again with the same invitation then"},
    {"alliance", "object", "as Alliance"},
};
constexpr api::Type joined_type{"JoinedAlliance", joined_fields};
constexpr api::Field left_fields[] = {
    {"left", "boolean", "false: this is a founder, and the other founders have to sign first"}};
constexpr api::Type left_type{"LeftAlliance", left_fields};
constexpr api::Field time_fields[] = {{"time", "timestamp", "what the person's own clock says"}};
constexpr api::Type time_type{"AttestTime", time_fields};
constexpr api::Field attested_fields[] = {
    {"attested_by", "[]string", "whose word stands until the node restarts; two are needed"}};
constexpr api::Type attested_type{"AttestedTime", attested_fields};
constexpr api::Field keys_fields[] = {
    {"end_overlap", "boolean", "forget the replaced keys instead of making new ones", false},
    {"organisation_key", "boolean", "the organisation's key too; the founders have to accept it", false},
    {"tls",
     "boolean",
     "the key of this node's certificate for members, and no other; with end_overlap: the next step "
     "of it now",
     false},
    {"lost", "boolean", "the present keys count no more, at once", false},
    {"overlap_days", "integer", "for how long both count; absent: 14", false}};
constexpr api::Type keys_type{"RollKeys", keys_fields};
constexpr api::Field suspend_fields[] = {
    {"reason", "string", "for the audit log", false},
    {"remove", "boolean", "remove what came from it, so that matchers and control feeds let go of it", false},
    {"warn", "boolean", "tell the other members, with the reason, in a signed note", false},
};
constexpr api::Type suspend_type{"Suspend", suspend_fields};
constexpr api::Field suspended_fields[] = {
    {"member", "string", "id of the organisation"},
    {"removed", "integer", "objects of it that were removed here"},
    {"warned", "boolean", "the other members are told"},
};
constexpr api::Type suspended_type{"Suspended", suspended_fields};
constexpr api::Field reinstate_fields[] = {
    {"unverified", "boolean", "also where its log cannot be verified", false}};
constexpr api::Type reinstate_type{"Reinstate", reinstate_fields};
constexpr api::Field reinstated_fields[] = {{"member", "string", "id of the organisation"},
                                            {"log", "string", "what its log shows, in plain words"}};
constexpr api::Type reinstated_type{"Reinstated", reinstated_fields};
constexpr api::Field impact_fields[] = {
    {"member", "string", "id of the organisation"},
    {"received", "[]object", "what it got from here: object, release, at, acknowledged"},
    {"taken", "[]object", "what came from it: object, at, held, and how often it was seen here"},
    {"keys", "[]string", "ids of epoch keys that it holds; they are renewed with the next release"},
};
constexpr api::Type impact_type{"Impact", impact_fields};
constexpr api::Field refusals_fields[] = {
    {"here", "[]object", "what this node refused: at, from, origin, statement, commitment, reason"},
    {"there", "[]object", "what others refused of this node's own: at, member, statement, reason"},
    {"counted", "[]object", "of whom more was refused than evidence is kept of: from, count, last"},
};
constexpr api::Type refusals_type{"Refusals", refusals_fields};
constexpr api::Field recall_fields[] = {
    {"object", "string", "id"},
    {"recipients",
     "[]object",
     "member, name, state: confirmed, refused, acknowledged, with the relay or waiting"},
};
constexpr api::Type recall_type{"Recall", recall_fields};

constexpr api::Parameter impact_parameters[] = {{"since", "timestamp", "from then on; absent: all"}};

constexpr api::Route routes[] = {
    {.method = Method::get,
     .path = "/api/v1/alliances",
     .right = Right::operate,
     .handler = list_alliances,
     .summary = "Alliances of this node, their members, and how far each is told",
     .answer = &list_type},
    {.method = Method::post,
     .path = "/api/v1/alliances",
     .right = Right::operate,
     .handler = create_alliance,
     .summary = "Found an alliance",
     .body = &create_type,
     .answer = &alliance_type},
    {.method = Method::get,
     .path = "/api/v1/alliances/refused",
     .right = Right::operate,
     .handler = refusals,
     .summary = "What was refused, here and by others, and why",
     .answer = &refusals_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/join",
     .right = Right::operate,
     .handler = join_alliance,
     .summary = "Join an alliance by an invitation",
     .body = &join_type,
     .answer = &joined_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/keys",
     .right = Right::operate,
     .handler = roll_keys,
     .summary = "Replace this node's keys, or end the overlap",
     .body = &keys_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/time",
     .right = Right::operate,
     .handler = attest_time,
     .summary = "Say what time it is, on a node that no member reaches: embargoes open by two persons' word",
     .body = &time_type,
     .answer = &attested_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/{alliance}/invitations",
     .right = Right::operate,
     .handler = invite_member,
     .summary = "Invite a node into an alliance",
     .answer = &invitation_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/{alliance}/leave",
     .right = Right::operate,
     .handler = leave_this_alliance,
     .summary = "Leave an alliance",
     .answer = &left_type},
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/suspend",
     .right = Right::operate,
     .handler = suspend,
     .summary = "Suspend a member: nothing to or from it, at once",
     .body = &suspend_type,
     .answer = &suspended_type},
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/reinstate",
     .right = Right::operate,
     .handler = reinstate,
     .summary = "Verify the member's log, end the suspension, and tell it what it missed",
     .body = &reinstate_type,
     .answer = &reinstated_type},
    {.method = Method::get,
     .path = "/api/v1/members/{organisation}/impact",
     .right = Right::operate,
     .handler = impact,
     .summary = "What a member received from here, what came from it, and keys it holds",
     .parameters = impact_parameters,
     .answer = &impact_type},
    {.method = Method::post,
     .path = "/api/v1/objects/{id}/recall",
     .right = Right::publish,
     .handler = recall,
     .summary = "Recall an object from everybody it was released to",
     .answer = &recall_type},
    {.method = Method::get,
     .path = "/api/v1/objects/{id}/recall",
     .right = Right::publish,
     .handler = recalled,
     .summary = "Who confirmed a recall",
     .answer = &recall_type},
};

}  // namespace

std::span<const api::Route> alliance_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
