// "/api/v1/alliances...": the alliances of this node, as an operator sees them; founding, inviting, joining
// and leaving; and what was refused.

#include <algorithm>

#include "api/fields.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/operator_routes.h"
#include "exchange/federation/refusals.h"
#include "exchange/federation/tls_rollover.h"
#include "ledger/audit.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using ledger::SignedRoster;
using model::JsonWriter;
using net::Method;

Result<SignedRoster> alliance_in_path(Call& call) {
  return ledger::alliance_named(call.services.store.records(), call.part("alliance"));
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
  const auto document = TRY(body_in(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto name = TRY(fields.text("name"));
  const bool to_invite = TRY(fields.flag("to_invite", false));
  TRY(fields.finish());
  if (to_invite) TRY(check_can_invite(federation->options()));
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
  const auto document = TRY(body_in(call));
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

Result<Response> refusals(Call& call) {
  auto* const federation = TRY(operated(call));
  JsonWriter out;
  TRY(write_refusals(out, *federation));
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
constexpr api::Field create_fields[] = {
    {"name", "string", "in words, one line"},
    {"to_invite", "boolean", "others are to be invited: refused where nobody can reach this node", false}};
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
constexpr api::Field refusals_fields[] = {
    {"here", "[]object", "what this node refused: at, from, origin, statement, commitment, reason"},
    {"there", "[]object", "what others refused of this node's own: at, member, statement, reason"},
    {"counted", "[]object", "of whom more was refused than evidence is kept of: from, count, last"},
};
constexpr api::Type refusals_type{"Refusals", refusals_fields};

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
};

}  // namespace

std::span<const api::Route> alliance_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
