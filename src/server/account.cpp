// Rows of Table::account:  id/<account> JSON;  name/<canonical name> the id;  of/<organisation>/<name> the id
// Rows of Table::api_key:  key/<prefix> JSON;  of/<account>/<prefix> empty

#include "server/account.h"

#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/decoded.h"
#include "model/json_writer.h"

namespace shieldwall::server {

namespace {

using api::Fields;
using ledger::Row;
using model::JsonWriter;
using store::Table;
using store::Write;

constexpr api::Right all_rights[] = {
    api::Right::read, api::Right::sight, api::Right::publish, api::Right::operate, api::Right::audit};

std::string id_key(const AccountId& id) {
  return "id/" + id.text();
}

Bytes encode(const Account& account) {
  JsonWriter out;
  out.begin_object();
  out.member("id", account.id.text());
  out.member("organisation", account.organisation.text());
  out.member("name", account.name);
  out.key("roles");
  out.begin_array();
  for (const auto role : account.roles) out.value(name_of(role));
  out.end_array();
  if (account.person) out.member("person", account.person->text());
  out.key("compartments");
  out.begin_array();
  for (const auto& compartment : account.compartments) out.value(compartment.text());
  out.end_array();
  out.member("disabled", account.disabled);
  out.member("password", account.password);
  out.member("generation", account.generation);
  out.member("created", to_text(account.created));
  out.end_object();
  return std::move(out).text();
}

Result<Account> decode_account(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(Fields::of(document.root(), "account"));
  Account account;
  account.id = TRY(fields.parsed<AccountId>("id"));
  account.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  account.name = TRY(fields.text("name"));
  for (const auto& role : TRY(fields.texts("roles"))) account.roles.push_back(TRY(role_named(role)));
  account.person = TRY(fields.optional_parsed<PersonId>("person"));
  for (const auto& compartment : TRY(fields.texts("compartments")))
    account.compartments.push_back(TRY(CompartmentId::parse(compartment)));
  account.disabled = TRY(fields.flag("disabled", true));
  account.password = TRY(fields.text("password"));
  account.generation = static_cast<std::uint32_t>(TRY(fields.number("generation")));
  account.created = TRY(fields.optional_time("created")).value_or(Timestamp{});
  return account;
}

Bytes encode(const ApiKey& key) {
  JsonWriter out;
  out.begin_object();
  out.member("prefix", key.prefix);
  out.member("account", key.account.text());
  out.member("organisation", key.organisation.text());
  out.member("label", key.label);
  if (key.rights) {
    out.key("rights");
    out.begin_array();
    for (const auto right : *key.rights) out.value(api::name_of(right));
    out.end_array();
  }
  out.member("hash", key.hash.hex());
  out.member("created", to_text(key.created));
  if (key.expires != Timestamp::never()) out.member("expires", to_text(key.expires));
  out.end_object();
  return std::move(out).text();
}

Result<ApiKey> decode_key(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(Fields::of(document.root(), "API key"));
  ApiKey key;
  key.prefix = TRY(fields.text("prefix"));
  key.account = TRY(fields.parsed<AccountId>("account"));
  key.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  key.label = TRY(fields.text("label"));
  if (const auto names = TRY(fields.optional_texts("rights"))) {
    key.rights.emplace();
    for (const auto& name : *names) key.rights->push_back(TRY(right_named(name)));
  }
  key.hash = TRY(fields.parsed<Digest>("hash"));
  key.created = TRY(fields.optional_time("created")).value_or(Timestamp{});
  key.expires = TRY(fields.optional_time("expires")).value_or(Timestamp::never());
  return key;
}

}  // namespace

ledger::Principal Account::principal() const {
  return {
      .account = id, .organisation = organisation, .rights = rights_of(roles), .compartments = compartments};
}

Result<std::string> canonical_account_name(std::string_view name) {
  const auto allowed = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@' || c == '+';
  };
  if (name.empty() || name.size() > account_name_bytes_max || !std::ranges::all_of(name, allowed))
    return fail(ErrorCode::invalid,
                "'{}' cannot name an account: use 1 to {} letters, digits and . _ - @ +",
                excerpt(name),
                account_name_bytes_max);
  return to_lower_ascii(name);
}

Result<Row<Account>> read_account(store::Records& records, const AccountId& id) {
  return ledger::read_row(records, Table::account, id_key(id), decode_account, "account");
}

Result<Row<Account>> account_named(store::Records& records, std::string_view name_or_id) {
  if (const auto id = AccountId::parse(name_or_id)) return read_account(records, *id);
  const auto name = canonical_account_name(name_or_id);
  if (!name) return fail(ErrorCode::not_found, "no such account");
  const auto row = records.read(Table::account, "name/" + *name);
  if (!row && row.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "no such account");
  if (!row) return fail(row.error());
  return read_account(records, TRY(AccountId::parse(row->value)));
}

Result<std::vector<Row<Account>>> accounts_of(store::Records& records, const OrganisationId& organisation) {
  std::vector<Row<Account>> accounts;
  const auto prefix = fmt::format("of/{}/", organisation.text());
  for (std::string after;;) {
    const auto page = TRY(records.scan(Table::account, prefix, after, ledger::scan_page));
    for (const auto& record : page) {
      const auto id = TRY(AccountId::parse(record.value));
      accounts.push_back(TRY(read_account(records, id)));
    }
    if (accounts.size() > accounts_max)
      return fail(ErrorCode::exhausted, "more than {} accounts", accounts_max);
    if (page.size() < static_cast<std::size_t>(ledger::scan_page)) return accounts;
    after = page.back().key;
  }
}

Result<std::vector<Write>> writes_of(const Account& account, std::uint64_t revision) {
  const auto name = TRY(canonical_account_name(account.name));
  if (Uuid::parse(name)) return fail(ErrorCode::invalid, "an account name may not look like an id");
  if (account.roles.empty())
    return fail(ErrorCode::invalid,
                "an account needs a role: reader, analyst, publisher, operator or auditor");
  std::vector<Write> writes = {
      {.table = Table::account, .key = id_key(account.id), .value = encode(account), .expected = revision}};
  if (revision != 0) return writes;  // names do not change
  writes.push_back(
      {.table = Table::account, .key = "name/" + name, .value = account.id.text(), .expected = 0});
  writes.push_back({.table = Table::account,
                    .key = fmt::format("of/{}/{}", account.organisation.text(), name),
                    .value = account.id.text(),
                    .expected = 0});
  return writes;
}

Result<Row<ApiKey>> read_key(store::Records& records, std::string_view prefix) {
  static ledger::Decoded<ApiKey> decoded;
  return decoded.read(records, Table::api_key, fmt::format("key/{}", prefix), decode_key, "API key");
}

Result<std::vector<Row<ApiKey>>> keys_of(store::Records& records, const AccountId& account) {
  std::vector<Row<ApiKey>> keys;
  const auto prefix = fmt::format("of/{}/", account.text());
  for (const auto& record : TRY(records.scan(Table::api_key, prefix, "", keys_per_account_max + 1)))
    keys.push_back(TRY(read_key(records, std::string_view(record.key).substr(prefix.size()))));
  return keys;
}

Result<std::vector<Write>> writes_of(const ApiKey& key) {
  TRY(ledger::check_line(key.label, "the key's label", 1, ledger::name_bytes_max));
  return std::vector<Write>{
      {.table = Table::api_key, .key = "key/" + key.prefix, .value = encode(key), .expected = 0},
      {.table = Table::api_key,
       .key = fmt::format("of/{}/{}", key.account.text(), key.prefix),
       .value = Bytes(),
       .expected = 0}};
}

std::vector<Write> removal_of(const Row<ApiKey>& key) {
  return {{.table = Table::api_key,
           .key = "key/" + key.value.prefix,
           .value = std::nullopt,
           .expected = key.revision},
          {.table = Table::api_key,
           .key = fmt::format("of/{}/{}", key.value.account.text(), key.value.prefix),
           .value = std::nullopt,
           .expected = std::nullopt}};
}

Result<api::Right> right_named(std::string_view name) {
  for (const auto right : all_rights)
    if (api::name_of(right) == name) return right;
  return fail(ErrorCode::invalid, "'{}' is no right: read, sight, publish, operate or audit", excerpt(name));
}

}  // namespace shieldwall::server
