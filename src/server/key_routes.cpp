// /api/v1/keys: API keys of an account, by itself or by who operates it.

#include <algorithm>

#include "api/fields.h"
#include "ledger/audit.h"
#include "server/parts.h"
#include "server/withdrawn.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Fields;
using api::Response;
using api::Right;
using ledger::Act;
using ledger::Authorised;
using ledger::Authority;
using ledger::Row;
using model::JsonWriter;

constexpr Duration key_life_max = days(3660);  // ten years: a sensor's; tools ask for less

void write_key(JsonWriter& out, const ApiKey& key, std::string_view whole) {
  out.begin_object();
  out.member("prefix", key.prefix);
  out.member("account", key.account.text());
  out.member("label", key.label);
  if (key.rights) {
    out.key("rights");
    out.begin_array();
    for (const auto right : *key.rights) out.value(api::name_of(right));
    out.end_array();
  }
  out.member("created", to_text(key.created));
  if (key.expires != Timestamp::never()) out.member("expires", to_text(key.expires));
  if (!whole.empty()) out.member("key", whole);
  out.end_object();
}

/// The account whose keys are meant: the one that is named, or the caller's own.
Result<Row<Account>> meant_account(const Call& call, const std::optional<std::string>& named) {
  const auto* caller = TRY(signed_in(call));
  if (!named) return read_account(records_of(call), caller->account);
  auto row = TRY(account_named(records_of(call), *named));
  if (row.value.organisation != caller->organisation && !caller->local)
    return fail(ErrorCode::not_found, "no such account");
  return row;
}

/// Leave to change keys of `account`: it is the caller's own, or the caller is above it.
template <typename Object>
Result<Authorised<Act::change, Object>> allow(const api::Caller& caller,
                                              const Account& account,
                                              Row<Object> row) {
  if (account.id == caller.account) return Authority::own(caller, account.id, std::move(row));
  return Authority::over(caller, account.principal(), std::move(row));
}

/// What the new key may do: what was asked for, and never more than the caller may. A key that was made with
/// a narrower one stays as narrow.
Result<std::optional<std::vector<Right>>> key_rights(const api::Caller& caller,
                                                     const Account& account,
                                                     const std::optional<std::vector<std::string>>& names) {
  const auto whole = rights_of(account.roles);
  std::vector<Right> rights;
  if (names)
    for (const auto& name : *names) rights.push_back(TRY(right_named(name)));
  else
    rights = whole;
  for (const auto right : rights)
    if (!caller.has(right) || std::ranges::find(whole, right) == whole.end())
      return fail(ErrorCode::denied,
                  "the key cannot have the right '{}': you or the account lack it",
                  api::name_of(right));
  return names ? std::optional(std::move(rights)) : std::nullopt;
}

Result<Response> list_keys(Call& call) {
  std::optional<std::string> named;
  if (const auto account = call.target.parameter("account")) named = std::string(*account);
  const auto account = TRY(meant_account(call, named)).value;
  if (account.id != call.caller->account) TRY(Authority::over(*call.caller, account.principal()));
  JsonWriter out;
  out.begin_object();
  out.key("keys");
  out.begin_array();
  for (const auto& row : TRY(keys_of(records_of(call), account.id))) write_key(out, row.value, {});
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<Response> create_key(Call& call) {
  TRY(signed_in(call));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto named = TRY(fields.optional_text("account"));
  const auto account = TRY(meant_account(call, named)).value;
  const auto names = TRY(fields.optional_texts("rights"));
  ApiKey key{.account = account.id, .organisation = account.organisation, .created = call.now};
  key.label = TRY(fields.text("label"));
  key.expires = TRY(fields.optional_time("expires")).value_or(Timestamp::never());
  TRY(fields.finish());
  if (key.expires != Timestamp::never() && (key.expires <= call.now || key.expires > call.now + key_life_max))
    return fail(ErrorCode::invalid, "'expires' must lie in the next ten years, or be left out");
  key.rights = TRY(key_rights(*call.caller, account, names));
  if (TRY(keys_of(records_of(call), account.id)).size() >= keys_per_account_max)
    return fail(ErrorCode::exhausted, "the account has {} keys; revoke one first", keys_per_account_max);
  const auto made = parts_of(call).authenticator.make_secret();
  key.prefix = made.prefix;
  key.hash = made.hash;
  const auto allowed = TRY(allow(*call.caller, account, Row<ApiKey>{key, 0}));
  const auto writes = TRY(writes_of(allowed.look()));
  TRY(ledger::change(call.services.store,
                     allowed.caller(),
                     "key.create",
                     {{"prefix", key.prefix}, {"account", key.account.text()}, {"label", key.label}},
                     writes));
  JsonWriter out;
  write_key(out, key, fmt::format("{}.{}", made.prefix, made.secret));
  return answer(201, std::move(out));
}

Result<Response> revoke_key(Call& call) {
  TRY(signed_in(call));
  const auto row = TRY(read_key(records_of(call), call.part("prefix")));
  if (row.value.organisation != call.caller->organisation && !call.caller->local)
    return fail(ErrorCode::not_found, "no such API key");
  const auto account = TRY(read_account(records_of(call), row.value.account)).value;
  const auto allowed = TRY(allow(*call.caller, account, row));
  TRY(ledger::change(call.services.store,
                     allowed.caller(),
                     "key.revoke",
                     {{"prefix", row.value.prefix}, {"account", row.value.account.text()}},
                     removal_of(allowed.row())));
  note_withdrawn(call, Withdrawn::api_key, row.value.prefix);
  return Response::nothing();
}

constexpr api::Field key_fields[] = {
    {"prefix", "string", "its public name"},
    {"account", "string", "UUID"},
    {"label", "string", "what it is for"},
    {"rights", "[]string", "narrower than the account's; absent: the account's", false},
    {"created", "timestamp", "when it was made"},
    {"expires", "timestamp", "when it ends; absent: never", false},
    {"key", "string", "the whole key, for `Authorization: Bearer`; told this once", false},
};
constexpr api::Type key_type{"ApiKey", key_fields};
constexpr api::Field create_fields[] = {
    {"label", "string", "what it is for"},
    {"account", "string", "id or name; absent: your own", false},
    {"rights", "[]string", "read, sight, publish, operate, audit; absent: the account's", false},
    {"expires", "timestamp", "absent: never", false},
};
constexpr api::Type create_type{"NewApiKey", create_fields};
constexpr api::Field list_fields[] = {{"keys", "[]object", "each as ApiKey, without the secret"}};
constexpr api::Type list_type{"ApiKeys", list_fields};
constexpr api::Parameter list_parameters[] = {{"account", "string", "id or name; absent: your own"}};

}  // namespace

std::span<const api::Route> key_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/keys",
       .right = Right::account,
       .handler = list_keys,
       .summary = "API keys of your account, or of one you operate",
       .parameters = list_parameters,
       .answer = &list_type},
      {.method = Method::post,
       .path = "/api/v1/keys",
       .right = Right::account,
       .handler = create_key,
       .summary = "Make an API key; its secret is told once",
       .body = &create_type,
       .answer = &key_type},
      {.method = Method::delete_,
       .path = "/api/v1/keys/{prefix}",
       .right = Right::account,
       .handler = revoke_key,
       .summary = "Revoke an API key"},
  };
  return routes;
}

}  // namespace shieldwall::server
