// Signing in and out, the first account, and who one is.

#include "api/fields.h"
#include "ledger/audit.h"
#include "server/account_json.h"
#include "server/first_run.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Fields;
using api::Response;
using api::Right;
using model::JsonWriter;

/// __Host- demands Secure, Path=/ and no Domain.
std::string cookie_of(std::string_view token, Duration life) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={}",
                     session_cookie,
                     token,
                     life.us / seconds(1).us);
}

void write_me(JsonWriter& out, const api::Caller& caller, const ledger::Organisation& organisation) {
  out.begin_object();
  out.member("account", caller.account.text());
  out.member("name", caller.name);
  out.member("organisation", caller.organisation.text());
  out.member("organisation_name", organisation.name);
  out.key("rights");
  out.begin_array();
  for (const auto right : caller.rights) out.value(api::name_of(right));
  out.end_array();
  out.end_object();
}

Result<Response> me(Call& call) {
  const auto* caller = TRY(signed_in(call));
  const auto organisation =
      TRY(ledger::read_organisation(call.services.store.records(), caller->organisation)).value;
  JsonWriter out;
  write_me(out, *caller, organisation);
  return answer(200, std::move(out));
}

Result<Response> sign_in(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto name = TRY(fields.text("account"));
  const auto password = TRY(fields.text("password"));
  TRY(fields.finish());
  auto& parts = parts_of(call);
  auto caller = parts.authenticator.by_password(name, password, call.request.peer_address, call.deadline);
  if (!caller) return refused(parts, caller.error());
  const auto token = TRY(parts.authenticator.open_session(*caller));
  const auto organisation =
      TRY(ledger::read_organisation(call.services.store.records(), caller->organisation)).value;
  JsonWriter out;
  write_me(out, *caller, organisation);
  auto response = answer(200, std::move(out));
  response.header("Set-Cookie", policy::Release::fact(cookie_of(token, Authenticator::session_whole)));
  return response;
}

Result<Response> sign_out(Call& call) {
  TRY(parts_of(call).authenticator.close_session(call.request));
  auto response = Response::nothing();
  response.header("Set-Cookie", policy::Public::of(cookie_of("", Duration{})));
  return response;
}

Result<Response> first_run(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto token = TRY(fields.text("token"));
  Account account{.id = AccountId::random(call.services.random), .created = call.now};
  account.name = TRY(fields.text("account"));
  const auto password = TRY(fields.text("password"));
  TRY(fields.finish());
  auto& parts = parts_of(call);
  account.organisation = parts.home;
  account.roles.assign(std::begin(all_roles), std::end(all_roles));
  TRY(check_password(password));
  const auto writes = TRY(redeem_first_run_token(call.services.store.records(), parts.secret, token));
  account.password = TRY(parts.authenticator.hasher().hash(password, call.deadline));
  auto all = TRY(writes_of(account, 0));
  all.insert(all.end(), writes.begin(), writes.end());
  TRY(ledger::audit_node(call.services.store,
                         parts.home,
                         "account.first",
                         {{"account", account.id.text()}, {"name", account.name}}));
  TRY(call.services.store.records().write(all));
  JsonWriter out;
  write_account(out, account, {});
  return answer(201, std::move(out));
}

constexpr api::Field me_fields[] = {
    {"account", "string", "UUID"},
    {"name", "string", "of the account"},
    {"organisation", "string", "UUID"},
    {"organisation_name", "string", "in words"},
    {"rights", "[]string", "read, sight, publish, operate, audit"},
};
constexpr api::Type me_type{"Me", me_fields};
constexpr api::Field sign_in_fields[] = {{"account", "string", "name"}, {"password", "string", "as set"}};
constexpr api::Type sign_in_type{"SignIn", sign_in_fields};
constexpr api::Field first_fields[] = {
    {"token", "string", "the one-time token that `shieldwall init` printed"},
    {"account", "string", "name of the new account, which gets every role"},
    {"password", "string", "15 characters to 256 bytes"},
};
constexpr api::Type first_type{"FirstRun", first_fields};

}  // namespace

Response refused(Parts& parts, const Refusal& refusal) {
  ++(refusal.status == 429 ? parts.counters.limited_sign_ins : parts.counters.refused_sign_ins);
  JsonWriter out;
  out.begin_object();
  out.member("type", "about:blank");
  out.member("title", net::reason_of(refusal.status));
  out.member("status", refusal.status);
  out.member("detail", refusal.detail);
  out.end_object();
  Response response(refusal.status, policy::Public::of(std::move(out).text()), "application/problem+json");
  if (refusal.retry_after)
    response.header("Retry-After",
                    policy::Public::of(std::to_string(1 + refusal.retry_after->us / seconds(1).us)));
  if (refusal.status == 401) response.header("WWW-Authenticate", policy::Public::of(std::string(challenge)));
  return response;
}

std::span<const api::Route> session_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/me",
       .right = Right::account,
       .handler = me,
       .summary = "Who you are and what you may do",
       .answer = &me_type},
      {.method = Method::post,
       .path = "/api/v1/session",
       .right = Right::none,
       .handler = sign_in,
       .summary = "Sign in; the answer sets the session cookie",
       .body = &sign_in_type,
       .answer = &me_type},
      {.method = Method::delete_,
       .path = "/api/v1/session",
       .right = Right::none,
       .handler = sign_out,
       .summary = "Sign out"},
      {.method = Method::post,
       .path = "/api/v1/first-run",
       .right = Right::none,
       .handler = first_run,
       .summary = "Make the first account with the one-time token",
       .body = &first_type,
       .answer = &account_type},
  };
  return routes;
}

}  // namespace shieldwall::server
