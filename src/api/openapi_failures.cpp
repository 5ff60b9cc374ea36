#include "api/openapi_parts.h"

namespace shieldwall::api {

using model::JsonWriter;

namespace {

/// What may go wrong, and when it can on a route. One table for the whole description.
struct Failure {
  int status;
  std::string_view name;  // of the component
  std::string_view meaning;
  bool (*possible)(const Route&);
};

bool always(const Route&) {
  return true;
}
bool is_guarded(const Route& route) {
  return route.right != Right::none;
}
bool has_body(const Route& route) {
  return route.body != nullptr;
}
bool is_asked_something(const Route& route) {
  return route.body != nullptr || !route.parameters.empty() || route.path.find('{') != route.path.npos;
}
bool names_something(const Route& route) {
  return route.path.find('{') != route.path.npos || route.body != nullptr;
}
bool has_effect(const Route& route) {
  return route.method != net::Method::get;
}
bool demands_right(const Route& route) {
  return is_guarded(route) || has_effect(route);
}

constexpr Failure failures[] = {
    {400, "Invalid", "the request breaks a rule; the detail says which and where", is_asked_something},
    {401, "NotSignedIn", "no credentials, or wrong, expired or revoked ones", is_guarded},
    {403, "Denied", "the account lacks the right, or a page of another site asked", demands_right},
    {404, "NotFound", "absent, or hidden from the account: the two are told apart nowhere", names_something},
    {409, "Conflict", "what is there forbids it now: another version, a taken name", has_effect},
    {413, "TooLarge", "the body is larger than the node takes", has_body},
    {415, "NotJson", "the body is of another media type than the one described", has_body},
    {429,
     "TooMany",
     "too many requests, or too many wrong credentials; Retry-After says how long to wait",
     always},
    {503,
     "Busy",
     "the node is full or a part of it does not answer; Retry-After says when to come back",
     always},
};

}  // namespace

void write_failures_of(JsonWriter& out, const Route& route) {
  for (const auto& failure : failures) {
    if (!failure.possible(route)) continue;
    out.key(std::to_string(failure.status));
    out.begin_object();
    out.member("$ref", fmt::format("#/components/responses/{}", failure.name));
    out.end_object();
  }
}

void write_failures(JsonWriter& out) {
  out.key("responses");
  out.begin_object();
  for (const auto& failure : failures) {
    out.key(failure.name);
    out.begin_object();
    out.member("description", failure.meaning);
    out.key("content");
    out.begin_object();
    out.key("application/problem+json");
    out.begin_object();
    out.key("schema");
    write_schema(out, "Problem");
    out.key("example");
    out.begin_object();
    out.member("type", "about:blank");
    out.member("title", net::reason_of(failure.status));
    out.member("status", failure.status);
    out.member("detail", failure.meaning);
    out.end_object();
    out.end_object();
    out.end_object();
    out.end_object();
  }
  out.end_object();
}

}  // namespace shieldwall::api
