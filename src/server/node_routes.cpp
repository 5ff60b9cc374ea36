// What the node says of itself: to people, to scripts, to monitoring; and the audit log.

#include <cstdlib>

#include "api/seal.h"
#include "ledger/audit.h"
#include "server/gate.h"
#include "server/page.h"
#include "server/parts.h"
#include "store/steps.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;

Result<Response> health(Call&) {
  return Response(200, policy::Public::of("ok\n"), "text/plain; charset=utf-8");
}

Result<Response> readiness(Call& call) {
  // One read of the store: what a request needs first.
  const bool works =
      parts_of(call).ready && ledger::home_organisation(call.services.store.settings()).has_value();
  const bool awaits = works && awaits_members(call.services);
  return Response(
      works && !awaits ? 200 : 503,
      policy::Public::of(!works   ? "not ready\n"
                         : awaits ? "not ready: it came back from a backup and asks its members what "
                                    "was recalled since\n"
                                  : "ready\n"),
      "text/plain; charset=utf-8");
}

Result<Response> description(Call& call) {
  return Response(200, policy::Public::of(parts_of(call).openapi), "application/openapi+json;version=3.1");
}

Result<Response> front_page(Call& call) {
  const auto& parts = parts_of(call);
  const auto html = front_page_html({.node = parts.node_name,
                                     .version = version,
                                     .ready = parts.ready && !awaits_members(call.services),
                                     .up = call.now - parts.started,
                                     .searchable = call.services.store.objects().text_lag() == 0});
  Response response(200, policy::Public::of(html), "text/html; charset=utf-8");
  response.header("Content-Security-Policy", policy::Public::of(front_page_policy()));
  return response;
}

Result<Response> metrics(Call& call) {
  return Response(200,
                  policy::Public::of(metrics_text(parts_of(call), call.now)),
                  "text/plain; version=0.0.4; charset=utf-8");
}

Result<Response> node(Call& call) {
  constexpr std::size_t counted_most = 1'000'000;  // beyond, a count is only "many"
  auto& parts = parts_of(call);
  const auto home = TRY(ledger::read_organisation(records_of(call), parts.home)).value;
  const auto circles = TRY(ledger::circles_of(records_of(call), call.caller->organisation));
  const auto objects =
      TRY(store::count(call.services.store.objects(), call.scope(), {}, counted_most, call.deadline));
  JsonWriter out;
  out.begin_object();
  out.member("name", parts.node_name);
  out.member("version", version);
  out.member("organisation", home.id.text());
  out.member("organisation_name", home.name);
  out.member("circles", circles.size());
  out.member("holdings", objects);
  // It counts what every organisation of the node takes in: for those who answer for the node.
  const auto& caller = *call.caller;
  if (caller.local || (caller.organisation == parts.home && caller.has(Right::operate)))
    out.member("text_lag", call.services.store.objects().text_lag());
  out.member("now", to_text(call.now));
  out.end_object();
  return answer(200, std::move(out));
}

// The log is one for all organisations of the node; its indexes would tell how much the others do.
std::string audit_purpose(const Call& call) {
  return "audit " + call.caller->organisation.text();
}

Result<std::uint64_t> audit_start(const Call& call) {
  const auto token = call.target.parameter("next");
  if (!token) return 0;
  const auto text = TRY(call.services.sealer.open(audit_purpose(call), *token));
  return std::strtoull(text.c_str(), nullptr, 10);
}

Result<int> audit_limit(const Call& call) {
  constexpr int most = 1000;
  const auto text = call.target.parameter("limit");
  if (!text) return 100;
  const int limit = std::atoi(std::string(*text).c_str());
  if (limit < 1 || limit > most) return fail(ErrorCode::invalid, "'limit' must be 1 to {}", most);
  return limit;
}

Result<Response> audit_log(Call& call) {
  const auto start = TRY(audit_start(call));
  const auto limit = TRY(audit_limit(call));
  const auto& organisation = call.caller->organisation;
  const auto also =
      organisation == parts_of(call).home ? ledger::Also::the_stores_own : ledger::Also::nothing;
  const auto page = TRY(ledger::read_audit(call.services.store.audit(), organisation, start, limit, also));
  JsonWriter out;
  out.begin_object();
  out.key("entries");
  out.begin_array();
  for (const auto& entry : page.entries) {
    out.begin_object();
    out.member("at", to_text(entry.at));
    out.member("account", entry.account.text());
    out.member("name", entry.name);
    out.member("event", entry.event);
    out.key("facts");
    out.begin_object();
    for (const auto& fact : entry.facts) out.member(fact.name, fact.value);
    out.end_object();
    out.end_object();
  }
  out.end_array();
  out.member("more", page.more);
  // Twenty digits whatever the index: the token's length must not tell it.
  out.member("next", call.services.sealer.seal(audit_purpose(call), fmt::format("{:020}", page.next)));
  out.end_object();
  return answer(200, std::move(out));
}

constexpr api::Field node_fields[] = {
    {"name", "string", "of the node"},
    {"version", "string", "of the software"},
    {"organisation", "string", "UUID of the organisation whose node this is"},
    {"organisation_name", "string", "in words"},
    {"circles", "integer", "that your organisation is or was inside of, or owns"},
    {"holdings", "integer", "that you may see, counted up to a million"},
    {"text_lag", "integer", "holdings not yet searchable by words; for the node's own operators", false},
    {"now", "timestamp", "the node's clock"},
};
constexpr api::Type node_type{"Node", node_fields};
constexpr api::Field audit_fields[] = {
    {"entries", "[]object", "{at, account, name, event, facts}, oldest first"},
    {"more", "boolean", "ask again with `next` at once"},
    {"next", "string", "where to go on, now or later"},
};
constexpr api::Type audit_type{"Audit", audit_fields};
constexpr api::Parameter audit_parameters[] = {{"next", "string", "of the page before"},
                                               {"limit", "integer", "1 to 1000; default 100"}};

}  // namespace

std::span<const api::Route> node_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/",
       .right = Right::none,
       .handler = front_page,
       .summary = "What this node is, for people"},
      {.method = Method::get,
       .path = "/healthz",
       .right = Right::none,
       .handler = health,
       .summary = "Whether the process answers"},
      {.method = Method::get,
       .path = "/readyz",
       .right = Right::none,
       .handler = readiness,
       .summary = "Whether the node can do its work"},
      {.method = Method::get,
       .path = "/metrics",
       .right = Right::none,
       .handler = metrics,
       .summary = "Prometheus metrics; on the metrics listener alone"},
      {.method = Method::get,
       .path = "/openapi.json",
       .right = Right::none,
       .handler = description,
       .summary = "This description"},
      {.method = Method::get,
       .path = "/api/v1/node",
       .right = Right::read,
       .handler = node,
       .summary = "The node, and what you may count of it",
       .answer = &node_type,
       .shows_objects = false},
      {.method = Method::get,
       .path = "/api/v1/audit",
       .right = Right::audit,
       .handler = audit_log,
       .summary = "Audit entries of your organisation",
       .parameters = audit_parameters,
       .answer = &audit_type},
  };
  return routes;
}

}  // namespace shieldwall::server
