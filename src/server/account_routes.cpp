// /api/v1/accounts: the accounts of an organisation, by its operators.

#include <algorithm>

#include "base/text.h"
#include "ledger/alliance.h"
#include "ledger/audit.h"
#include "server/account_json.h"
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

constexpr std::size_t generated_password_bytes = 18;  // 144 bits, 24 letters

/// The account in the path, if the caller operates its organisation: others are hidden, not forbidden.
Result<Row<Account>> account_in_path(const Call& call) {
  auto row = TRY(account_named(records_of(call), call.part("account")));
  if (row.value.organisation != call.caller->organisation && !call.caller->local)
    return fail(ErrorCode::not_found, "no such account");
  return row;
}

Result<std::vector<Role>> read_roles(const std::vector<std::string>& names) {
  std::vector<Role> roles;
  for (const auto& name : names) roles.push_back(TRY(role_named(name)));
  std::ranges::sort(roles);
  const auto repeated = std::ranges::unique(roles);
  roles.erase(repeated.begin(), repeated.end());
  return roles;
}

Result<std::vector<CompartmentId>> read_compartments(const std::vector<std::string>& texts) {
  std::vector<CompartmentId> compartments;
  for (const auto& text : texts) compartments.push_back(TRY(CompartmentId::parse(text)));
  std::ranges::sort(compartments);
  return compartments;
}

Done save(const Call& call,
          const Authorised<Act::change, Account>& allowed,
          const Account& changed,
          std::string_view event) {
  if (changed.id != allowed.look().id) return fail(ErrorCode::internal, "another account was authorised");
  std::vector<std::string_view> roles;
  for (const auto role : changed.roles) roles.push_back(name_of(role));
  const auto writes = TRY(writes_of(changed, allowed.row().revision));
  auto done = ledger::change(call.services.store,
                             allowed.caller(),
                             event,
                             {{"account", changed.id.text()},
                              {"name", changed.name},
                              {"organisation", changed.organisation.text()},
                              {"roles", fmt::format("{}", fmt::join(roles, " "))},
                              {"disabled", changed.disabled}},
                             writes);
  if (!done && done.error().code == ErrorCode::conflict && allowed.row().revision == 0)
    return fail(ErrorCode::conflict, "the name or id is taken; choose another");
  if (done && changed.disabled && !allowed.look().disabled)
    note_withdrawn(call, Withdrawn::account, changed.id.text());
  return done;
}

/// Sets the password that the body gives, or a new one that is told in the answer and nowhere else.
Result<std::optional<std::string>> set_password(const Call& call, Fields& fields, Account& account) {
  const auto given = TRY(fields.optional_text("password"));
  const bool generate = TRY(fields.flag("generate_password", false));
  if (given && generate) return fail(ErrorCode::invalid, "give a password or let one be made, not both");
  std::optional<std::string> made;
  if (generate) made = to_base64url(call.services.random.bytes(generated_password_bytes));
  if (!given && !generate) return made;
  account.password = TRY(parts_of(call).authenticator.hasher().hash(given ? *given : *made, call.deadline));
  ++account.generation;
  return made;
}

Response told(int status, const Account& account, const std::optional<std::string>& password) {
  JsonWriter out;
  write_account(out, account, password);
  return answer(status, std::move(out));
}

Result<Response> list_accounts(Call& call) {
  auto organisation = call.caller->organisation;
  if (const auto named = call.target.parameter("organisation"); named && call.caller->local)
    organisation = TRY(organisation_of(call, *named)).value.id;
  JsonWriter out;
  out.begin_object();
  out.key("accounts");
  out.begin_array();
  for (const auto& row : TRY(accounts_of(records_of(call), organisation))) write_account(out, row.value, {});
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<bool> is_ally(store::Records& records, const OrganisationId& organisation) {
  const auto rosters = TRY(ledger::newest_rosters(records));
  return std::ranges::any_of(rosters, [&](const ledger::SignedRoster& one) {
    return policy::find_member(one.roster, organisation) != nullptr;
  });
}

Result<Response> create_account(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  Account account{.organisation = call.caller->organisation, .created = call.now};
  account.id = TRY(fields.optional_parsed<AccountId>("id")).value_or(AccountId::random(call.services.random));
  if (account.id.is_nil()) return fail(ErrorCode::invalid, "the nil UUID names no account");
  account.name = TRY(fields.text("name"));
  const auto roles = TRY(fields.texts("roles"));
  account.roles = TRY(read_roles(roles));
  account.person = TRY(fields.optional_parsed<PersonId>("person"));
  const auto compartments = TRY(fields.texts("compartments"));
  account.compartments = TRY(read_compartments(compartments));
  const auto named = TRY(fields.optional_text("organisation"));
  // The right to make the account is asked before the password is hashed: hashing is what costs.
  if (named) {
    const auto organisation = TRY(organisation_of(call, *named));
    // A member of an alliance has a node of its own, and may have accounts here: to ask, or over TAXII.
    const bool ally = TRY(is_ally(records_of(call), organisation.value.id));
    if (!organisation.value.hosted && !ally)
      return fail(ErrorCode::invalid,
                  "{} is neither hosted on this node nor a member of an alliance of it",
                  organisation.value.name);
    account.organisation = organisation.value.id;
  }
  const auto allowed = TRY(Authority::over(*call.caller, account.principal(), Row<Account>{account, 0}));
  const auto made = TRY(set_password(call, fields, account));
  TRY(fields.finish());
  TRY(save(call, allowed, account, "account.create"));
  return told(201, account, made);
}

Result<Response> get_account(Call& call) {
  return told(200, TRY(account_in_path(call)).value, {});
}

Result<Response> change_account(Call& call) {
  const auto row = TRY(account_in_path(call));
  const auto allowed = TRY(Authority::over(*call.caller, row.value.principal(), row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  auto account = allowed.look();
  if (const auto roles = TRY(fields.optional_texts("roles"))) account.roles = TRY(read_roles(*roles));
  account.disabled = TRY(fields.flag("disabled", account.disabled));
  if (const auto person = TRY(fields.optional_parsed<PersonId>("person"))) account.person = person;
  if (const auto compartments = TRY(fields.optional_texts("compartments")))
    account.compartments = TRY(read_compartments(*compartments));
  TRY(fields.finish());
  TRY(Authority::over(*call.caller, account.principal()));  // nobody makes another stronger than himself
  ++account.generation;                                     // rights changed: who is signed in signs in again
  TRY(save(call, allowed, account, "account.change"));
  return told(200, account, {});
}

Result<Response> change_password(Call& call) {
  const auto row = TRY(account_in_path(call));
  const auto allowed = TRY(Authority::over(*call.caller, row.value.principal(), row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  auto account = allowed.look();
  const auto generation = account.generation;
  const auto made = TRY(set_password(call, fields, account));
  TRY(fields.finish());
  if (account.generation == generation)
    return fail(ErrorCode::invalid, "give 'password', or 'generate_password': true");
  TRY(save(call, allowed, account, "account.password"));
  return told(200, account, made);
}

/// One's own password asks for the old one: a session or key left lying about must not become an account.
Result<Response> change_own_password(Call& call) {
  const auto* caller = TRY(signed_in(call));
  const auto row = TRY(read_account(records_of(call), caller->account));
  const auto allowed = TRY(Authority::own(*caller, row.value.id, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto old = TRY(fields.text("old_password"));
  auto account = allowed.look();
  const auto tried =
      parts_of(call).authenticator.by_password(account.name, old, call.request.peer_address, call.deadline);
  if (!tried)
    return fail(tried.error().status == 401 ? ErrorCode::denied : ErrorCode::exhausted,
                "the old password was not accepted: {}",
                tried.error().detail);
  const auto generation = account.generation;
  const auto made = TRY(set_password(call, fields, account));
  TRY(fields.finish());
  if (account.generation == generation)
    return fail(ErrorCode::invalid, "give 'password', or 'generate_password': true");
  TRY(save(call, allowed, account, "account.password"));
  return told(200, account, made);
}

constexpr api::Field create_fields[] = {
    {"name", "string", "1 to 128 letters, digits and . _ - @ +; unique on the node"},
    {"roles", "[]string", "reader, analyst, publisher, operator, auditor"},
    {"id", "string", "UUID; drawn when absent", false},
    {"organisation",
     "string",
     "id or name of an organisation hosted here, or of a member of an alliance; over the local socket only",
     false},
    {"person", "string", "UUID of the person, for labels that name persons", false},
    {"compartments", "[]string", "UUIDs", false},
    {"password", "string", "15 characters to 256 bytes", false},
    {"generate_password", "boolean", "make one and tell it in the answer, once", false},
};
constexpr api::Type create_type{"NewAccount", create_fields};
constexpr api::Field change_fields[] = {
    {"roles", "[]string", "all of them, replacing those before", false},
    {"disabled", "boolean", "no sign-in, no key", false},
    {"person", "string", "UUID", false},
    {"compartments", "[]string", "UUIDs, replacing those before", false},
};
constexpr api::Type change_type{"AccountChange", change_fields};
constexpr api::Field password_fields[] = {
    {"password", "string", "15 characters to 256 bytes", false},
    {"generate_password", "boolean", "make one and tell it in the answer, once", false},
};
constexpr api::Type password_type{"NewPassword", password_fields};
constexpr api::Field own_password_fields[] = {
    {"old_password", "string", "the one that counts now"},
    {"password", "string", "15 characters to 256 bytes", false},
    {"generate_password", "boolean", "make one and tell it in the answer, once", false},
};
constexpr api::Type own_password_type{"OwnPassword", own_password_fields};
constexpr api::Field list_fields[] = {{"accounts", "[]object", "by name; each as Account"}};
constexpr api::Type list_type{"Accounts", list_fields};
constexpr api::Parameter list_parameters[] = {
    {"organisation", "string", "id or name of a hosted organisation; over the local socket only"}};

}  // namespace

std::span<const api::Route> account_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/accounts",
       .right = Right::operate,
       .handler = list_accounts,
       .summary = "Accounts of your organisation",
       .parameters = list_parameters,
       .answer = &list_type},
      {.method = Method::post,
       .path = "/api/v1/accounts",
       .right = Right::operate,
       .handler = create_account,
       .summary = "Make an account whose rights are among your own",
       .body = &create_type,
       .answer = &account_type},
      {.method = Method::get,
       .path = "/api/v1/accounts/{account}",
       .right = Right::operate,
       .handler = get_account,
       .summary = "One account, by id or name",
       .answer = &account_type},
      {.method = Method::patch,
       .path = "/api/v1/accounts/{account}",
       .right = Right::operate,
       .handler = change_account,
       .summary = "Change roles, or disable",
       .body = &change_type,
       .answer = &account_type},
      {.method = Method::put,
       .path = "/api/v1/accounts/{account}/password",
       .right = Right::operate,
       .handler = change_password,
       .summary = "Set another account's password",
       .body = &password_type,
       .answer = &account_type},
      {.method = Method::put,
       .path = "/api/v1/me/password",
       .right = Right::account,
       .handler = change_own_password,
       .summary = "Change your own password; needs the old one",
       .body = &own_password_type,
       .answer = &account_type},
  };
  return routes;
}

}  // namespace shieldwall::server
