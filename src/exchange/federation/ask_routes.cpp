// Private questions between members: "/federation/ask/..." answers a member's node as its organisation, and
// "/api/v1/members/{organisation}/ask/..." hands a question of this node's people to that node. Neither
// learns more than the question shows: it is blinded before it comes here.

#include "exchange/ask/ask.h"
#include "exchange/federation/proposing.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using net::Method;

constexpr Duration ask_time = seconds(120);             // a node that is busy with a set of tags
constexpr std::size_t question_bytes_max = 256u << 10;  // a thousand blinded values are 60 KB

/// The same handler as for people, asked as that organisation's service: TLP:RED and persons stay out.
Result<Response> answered(Call& call, std::string_view what) {
  auto* const federation = TRY(federation_of(call.services));
  const auto known = federation->known();
  const auto& pin = call.request.client_certificate_pin;
  const auto found = pin ? known->pins.find(*pin) : known->pins.end();
  if (found == known->pins.end() || known->is_suspended(found->second))
    return fail(ErrorCode::not_found, "there is nothing here for this certificate");
  auto subject = TRY(ledger::subject_of(call.services.store.records(), found->second));
  call.caller = api::Caller{.account = {},
                            .name = known->member(found->second)->name,
                            .organisation = found->second,
                            .rights = {Right::read},
                            .scope = policy::Scope::of(std::move(subject))};
  const auto path = fmt::format("/api/v1/ask/{}", what);
  for (const auto& row : ask_routes())
    if (row.path == path && row.method == call.request.method) return row.handler(call);
  return fail(ErrorCode::not_found, "no such question");
}

Result<Response> answer_filter(Call& call) {
  return answered(call, "filter");
}
Result<Response> answer_evaluations(Call& call) {
  return answered(call, "evaluations");
}
Result<Response> answer_requests(Call& call) {
  return answered(call, "requests");
}
Result<Response> answer_keys(Call& call) {
  return answered(call, "keys");
}

/// For people of this node's own organisation, whose quota there it uses.
Result<Response> handed_on(Call& call, std::string_view what) {
  auto* const federation = TRY(federation_of(call.services));
  if (call.caller->organisation != federation->options().home)
    return fail(ErrorCode::denied, "only this node's own organisation asks in its name");
  const auto row = TRY(ledger::organisation_named(call.services.store.records(), call.part("organisation")));
  const auto known = federation->known();
  const auto* const member = known->member(row.value.id);
  if (member == nullptr)
    return fail(ErrorCode::not_found, "{} is no member that this node speaks with", row.value.name);
  if (known->is_suspended(row.value.id))
    return fail(ErrorCode::conflict, "{} is suspended here: nothing is asked of it", member->name);
  const auto address = ledger::node_address(*member);
  if (!address)
    return fail(ErrorCode::conflict,
                "{} only calls others or takes files, so it cannot be asked: ask a member with an address "
                "(`shieldwall alliance list` shows them)",
                member->name);
  net::Request request{.method = call.request.method, .target = fmt::format("/federation/ask/{}", what)};
  request.body = TRY(api::body_of(call, question_bytes_max));
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  const auto answer = TRY(federation->send(*address, member->pins, std::move(request), ask_time));
  const bool is_tags = answer.status == 200 && what == "filter";
  return Response{answer.status,
                  policy::Release::fact(Bytes(answer.bytes())),
                  is_tags ? std::string_view("application/vnd.shieldwall.tags") : "application/json"};
}

Result<Response> ask_filter(Call& call) {
  return handed_on(call, "filter");
}
Result<Response> ask_evaluations(Call& call) {
  return handed_on(call, "evaluations");
}
Result<Response> ask_requests(Call& call) {
  return handed_on(call, "requests");
}
Result<Response> ask_keys(Call& call) {
  return handed_on(call, "keys");
}

constexpr api::Route routes[] = {
    {Method::post, "/federation/ask/filter", Right::none, answer_filter, "The set of tags for a member"},
    {Method::post,
     "/federation/ask/evaluations",
     Right::none,
     answer_evaluations,
     "Blinded values of a member"},
    {Method::post,
     "/federation/ask/requests",
     Right::none,
     answer_requests,
     "A member asks for what is held"},
    {Method::get, "/federation/ask/keys", Right::none, answer_keys, "Keys that questions were answered with"},
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/ask/filter",
     .right = Right::read,
     .handler = ask_filter,
     .summary = "fetches a member's set of tags over the federation: as POST /api/v1/ask/filter there"},
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/ask/evaluations",
     .right = Right::read,
     .handler = ask_evaluations,
     .summary = "hands blinded values to a member: as POST /api/v1/ask/evaluations there"},
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/ask/requests",
     .right = Right::read,
     .handler = ask_requests,
     .summary = "asks a member for what holds a value: as POST /api/v1/ask/requests there"},
    {.method = Method::get,
     .path = "/api/v1/members/{organisation}/ask/keys",
     .right = Right::read,
     .handler = ask_keys,
     .summary = "a member's keys of private questions: as GET /api/v1/ask/keys there"},
};

}  // namespace

std::span<const api::Route> member_ask_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
