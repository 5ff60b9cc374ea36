#include "server/gate.h"

#include <algorithm>

#include "api/in_time.h"
#include "base/log.h"
#include "base/text.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/reconcile.h"
#include "exchange/taxii/taxii.h"
#include "ledger/api_root.h"

namespace shieldwall::server {

namespace {

using api::Dialect;
using api::Right;
using net::ListenerRole;
using net::Method;

constexpr std::uint64_t streamed_bytes_max = 64ull
                                             << 30;  // of a body taken in pieces; none of it stays in memory

bool has_effect(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

/// Which listener a path is for. What is not for it does not exist there.
bool is_open_on(ListenerRole role, std::string_view path) {
  const bool about_health = path == "/healthz" || path == "/readyz";
  switch (role) {
    case ListenerRole::local:
      return true;
    case ListenerRole::metrics:
      return about_health || path == "/metrics";
    case ListenerRole::members:
      return about_health || path.starts_with("/federation/");
    case ListenerRole::tools:
      return path != "/metrics" && !path.starts_with("/federation/");
  }
  return false;
}

void put_default(net::Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.has(name)) headers.set(name, value);
}

void secure(net::Response& response, const net::Request& request) {
  auto& headers = response.headers;
  put_default(headers,
              "Content-Security-Policy",
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  put_default(headers, "Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  if (request.secure) headers.set("Strict-Transport-Security", "max-age=31536000");
}

/// Whether a body is of the JSON family: RFC 8259, RFC 6839 section 3.1. A browser asks before it sends one
/// of these across sites, so that no form of another site is taken for a request.
bool is_json(std::string_view content_type) {
  const auto essence = to_lower_ascii(trimmed(content_type.substr(0, content_type.find(';'))));
  return essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
}

/// Rows of TAXII judge their media types themselves, and what streams takes files of any kind.
bool has_wrong_type(const api::Route& route, const net::Request& request) {
  return route.dialect == Dialect::api && route.body != nullptr && route.opener == nullptr &&
         !request.body.empty() && !is_json(request.headers.get("Content-Type").value_or(""));
}

net::Response refusal_of(Dialect dialect, const Refusal& refusal) {
  auto response = refusal_in(dialect, refusal.status, refusal.detail);
  if (refusal.status == 401) response.headers.set("WWW-Authenticate", challenge);
  if (refusal.retry_after)
    response.headers.set("Retry-After", std::to_string(1 + refusal.retry_after->us / seconds(1).us));
  return response;
}

/// In which form a path's errors are told before a route is known. Every first segment that can name an API
/// root is TAXII's, whether there is such a root or not: the form tells nothing.
Dialect dialect_of(std::string_view target) {
  auto segment = target.substr(0, target.find('?'));
  if (segment.starts_with('/')) segment.remove_prefix(1);
  segment = segment.substr(0, segment.find('/'));
  return segment == "taxii2" || ledger::is_api_root_name(segment) ? Dialect::taxii : Dialect::api;
}

/// A node that came back from a backup may hold what was recalled since: it shows nothing before its members
/// told, as it releases nothing.
bool waits_for_members(api::Services& services, const api::Route& route) {
  return route.shows_objects.value_or(route.right == Right::read) && awaits_members(services);
}

net::Response told(Dialect dialect, const Error& error) {
  auto http =
      dialect == Dialect::taxii ? exchange::taxii_error(error).into_http() : api::problem(error).into_http();
  if (http.status == 503) put_default(http.headers, "Retry-After", "1");
  return http;
}

}  // namespace

bool awaits_members(api::Services& services) {
  const auto federation = exchange::federation::federation_of(services);
  return federation && !exchange::federation::may_release(**federation);
}

net::Response refusal_in(Dialect dialect, int status, std::string_view detail) {
  if (dialect == Dialect::taxii) return exchange::taxii_error(status, detail).into_http();
  return net::problem(status, detail);
}

Done check_origin(const net::Request& request) {
  const auto origin = request.headers.get("Origin");
  const auto host = request.headers.get("Host").value_or("");
  if (origin) {
    const auto mine = fmt::format("{}://{}", request.secure ? "https" : "http", host);
    // Behind a proxy that ends TLS the browser's origin is https although the request came in clear.
    if (equal_ignoring_case(*origin, mine) || equal_ignoring_case(*origin, fmt::format("https://{}", host)))
      return {};
    return fail(ErrorCode::denied, "a page of another site ({}) may not do this", excerpt(*origin));
  }
  if (std::holds_alternative<SessionCredentials>(credentials_of(request.headers)))
    return fail(ErrorCode::denied,
                "a request with a session needs an Origin field; use an API key in scripts");
  return {};
}

net::Response Gate::limited(Dialect dialect, const net::Request& request, const RequestLimits::Limited& why) {
  constexpr std::uint64_t told_each = 10'000;  // whoever is limited may come very often
  const auto by = name_of(why.by);
  if (parts_.counters.limited_requests[static_cast<std::size_t>(why.by)]++ % told_each == 0)
    log::warn("requests limited", {{"by", by}, {"address", request.peer_address}});
  return refusal_of(dialect,
                    {.status = 429,
                     .detail = fmt::format("more requests than one {0} may send: wait as long as Retry-After "
                                           "says; the node's operator can raise limits.requests_per_{0}",
                                           by),
                     .retry_after = why.wait});
}

std::expected<Gate::Admitted, net::Response> Gate::admit(const net::Request& request,
                                                         RequestLimits::Count count) {
  const auto asked = dialect_of(request.target);
  if (const auto too_many = parts_.limits.on_arrival(request, count))
    return std::unexpected(limited(asked, request, *too_many));
  Admitted admitted;
  auto target = net::parse_target(request.target);
  if (!target) return std::unexpected(refusal_in(asked, 400, target.error().message));
  admitted.target = std::move(*target);
  admitted.match = router_.find(request.method, admitted.target);
  const auto& match = admitted.match;
  const bool exists = match.route != nullptr || match.path_exists;
  if (!exists || (match.route != nullptr && !is_open_on(request.role, match.route->path)))
    return std::unexpected(
        refusal_in(asked, 404, "there is nothing at this path; /openapi.json lists what there is"));
  if (match.route == nullptr) {
    auto response = refusal_in(asked, 405, fmt::format("this path takes {}", match.allowed));
    response.headers.set("Allow", match.allowed);
    return std::unexpected(std::move(response));
  }
  const auto dialect = match.route->dialect;
  if (has_effect(request.method))
    if (const auto origin = check_origin(request); !origin)
      return std::unexpected(refusal_in(dialect, 403, origin.error().message));

  auto caller = parts_.authenticator.caller_of(request);
  if (!caller && match.route->right != Right::none) {
    ++(caller.error().status == 429 ? parts_.counters.limited_sign_ins : parts_.counters.refused_sign_ins);
    return std::unexpected(refusal_of(dialect, caller.error()));
  }
  if (caller) admitted.caller = std::move(*caller);
  if (admitted.caller)
    if (const auto too_many = parts_.limits.of_account(request, admitted.caller->account, count))
      return std::unexpected(limited(dialect, request, *too_many));
  if (waits_for_members(parts_, *match.route))
    return std::unexpected(refusal_of(dialect,
                                      {.status = 503,
                                       .detail = "this node came back from a backup and asks its members "
                                                 "what was recalled since, for two minutes "
                                                 "at most once its log goes on; `shieldwall log catch-up` "
                                                 "lets it go on where nobody has more of it",
                                       .retry_after = seconds(5)}));
  if (match.route->right == Right::none) return admitted;
  if (!admitted.caller)
    return std::unexpected(refusal_of(
        dialect,
        {.status = 401, .detail = "sign in: Basic with account and password, or Bearer with an API key"}));
  if (!admitted.caller->has(match.route->right))
    return std::unexpected(
        refusal_in(dialect,
                   403,
                   fmt::format("this needs the right '{}'; ask an operator of your organisation",
                               api::name_of(match.route->right))));
  return admitted;
}

api::Call Gate::call_of(Admitted& admitted, const net::Request& request) const {
  return {.services = parts_,
          .request = request,
          .target = std::move(admitted.target),
          .path = std::move(admitted.match.path),
          .caller = std::move(admitted.caller),
          .now = parts_.clock.now(),
          .deadline = request.deadline};
}

/// Of one request. This machine's own operator says how long the check or the copy of a large store may take
/// (RFC 7240 section 4.3); nobody else holds a place in the pool for longer than the limit.
Deadline Gate::deadline_of(const api::Call& call) const {
  constexpr std::int64_t operator_seconds_max = 86'400;
  constexpr std::string_view wait = "wait=";
  const auto prefer = call.request.headers.get("Prefer").value_or("");
  if (!call.caller || !call.caller->local || !prefer.starts_with(wait)) return call.request.deadline;
  const auto length = as_number<std::int64_t>(prefer.substr(wait.size()));
  if (!length || *length < 1) return call.request.deadline;
  return Deadline::in(seconds(std::min(*length, operator_seconds_max)), parts_.deadlines);
}

net::Response Gate::run(Admitted& admitted, const net::Request& request) {
  const auto& route = *admitted.match.route;
  if (has_wrong_type(route, request))
    return refusal_in(route.dialect, 415, "send the body as JSON, with Content-Type: application/json");
  auto call = call_of(admitted, request);
  call.deadline = deadline_of(call);
  const auto begins = api::still_in_time(call);  // it may have waited long for its turn
  auto response = begins ? route.handler(call) : Result<api::Response>(fail(begins.error()));
  if (response) return std::move(*response).into_http();
  auto error = std::move(response).error();
  // Whoever ended at the deadline says where; what to do is the same for all.
  if (const auto late = api::still_in_time(call); !late && begins && error.code == ErrorCode::unavailable)
    error = Error(late.error()).within(error.message);
  if (error.code == ErrorCode::internal || error.code == ErrorCode::corrupt)
    log::error("request failed", {{"route", route.path}, {"why", error.message}});
  return told(route.dialect, error);
}

net::Response Gate::answer(net::Request&& request) {
  const auto begun = parts_.clock.steady();
  auto admitted = admit(request, RequestLimits::Count::now);
  auto response = admitted ? run(*admitted, request) : std::move(admitted).error();
  secure(response, request);
  ++parts_.counters.answers[std::clamp(response.status / 100, 0, 5)];
  parts_.counters.microseconds += static_cast<std::uint64_t>((parts_.clock.steady().us - begun.us));
  return response;
}

net::Intake Gate::intake(const net::Request& head) {
  net::Intake intake;
  const auto refuse = [&](net::Response response) {
    secure(response, head);
    intake.refusal = std::move(response);
    return std::move(intake);
  };
  auto admitted = admit(head, RequestLimits::Count::later);
  if (!admitted) {
    (void)parts_.limits.on_arrival(head, RequestLimits::Count::now);  // there is no later
    return refuse(std::move(admitted).error());
  }
  const auto& route = *admitted->match.route;
  intake.too_large = [dialect = route.dialect, head](std::uint64_t most) {
    auto response = refusal_in(dialect, 413, fmt::format("a body may have {} bytes here", most));
    secure(response, head);
    return response;
  };
  if (route.opener == nullptr) return intake;
  auto call = call_of(*admitted, head);
  auto sink = route.opener(call);
  if (!sink) return refuse(told(route.dialect, sink.error()));
  intake.sink = std::move(*sink);
  intake.body_bytes_max = streamed_bytes_max;
  return intake;
}

}  // namespace shieldwall::server
