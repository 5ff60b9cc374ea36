// "/api/v1/members/...": what an operator does about another member, and sees of it.

#include "api/fields.h"
#include "base/text.h"
#include "exchange/federation/again.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/operator_routes.h"
#include "exchange/federation/warning.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;
using net::Method;

/// The member named in the path, by id or name, of any alliance.
Result<OrganisationId> member_in_path(Call& call, const Known& known) {
  const auto row = TRY(ledger::organisation_named(call.services.store.records(), call.part("organisation")));
  if (known.member(row.value.id) == nullptr || row.value.id == known.home)
    return fail(ErrorCode::not_found, "{} is no other member of an alliance of this node", row.value.name);
  return row.value.id;
}

Result<Response> suspend(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto known = federation->known();
  const auto member = TRY(member_in_path(call, *known));
  const auto document = TRY(body_in(call));
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
  const auto document = TRY(body_in(call));
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
constexpr api::Parameter impact_parameters[] = {{"since", "timestamp", "from then on; absent: all"}};

constexpr api::Route routes[] = {
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
};

}  // namespace

std::span<const api::Route> other_member_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
