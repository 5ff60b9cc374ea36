#include "server/first_run.h"

#include "ledger/api_root.h"
#include "ledger/audit.h"

namespace shieldwall::server {

namespace {

constexpr std::string_view token_key = "first-run";

Bytes hash_of(std::string_view secret, std::string_view token) {
  return hmac_sha256(secret, fmt::format("first run {}", token)).hex();
}

}  // namespace

Result<std::string> found_node(
    store::Store& store, std::string_view secret, const Founding& founding, Timestamp now, Random& random) {
  if (const auto home = ledger::home_organisation(store.settings()))
    return fail(ErrorCode::conflict, "this node belongs to {} already", home->text());
  auto organisation = founding.organisation;
  organisation.hosted = true;
  std::vector<store::Write> writes;
  writes.push_back(TRY(ledger::write_of(organisation, 0)));
  if (!founding.api_root.empty()) {
    const ledger::ApiRoot root{.name = founding.api_root,
                               .title = founding.api_root_title,
                               .is_default = true,
                               .everything = CircleId::random(random),
                               .created = now};
    const auto more = TRY(ledger::writes_of(store.records(), root, 0));
    writes.insert(writes.end(), more.begin(), more.end());
  }
  auto token = to_base64url(random.bytes(24));
  writes.push_back({.table = store::Table::token,
                    .key = std::string(token_key),
                    .value = hash_of(secret, token),
                    .expected = 0,
                    .expires = now + first_run_token_life});
  TRY(ledger::audit_node(store, organisation.id, "node.found", {{"organisation", organisation.id.text()}}));
  TRY(store.records().write(writes));
  TRY(ledger::set_home_organisation(store.settings(), organisation.id));
  return token;
}

Result<std::vector<store::Write>> redeem_first_run_token(store::Records& records,
                                                         std::string_view secret,
                                                         std::string_view token) {
  const auto row = records.read(store::Table::token, token_key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (!row || !equal_in_constant_time(row->value, hash_of(secret, token)))
    return fail(ErrorCode::denied,
                "the one-time token is wrong, used or expired; make accounts with `shieldwall user add`");
  return std::vector<store::Write>{{.table = store::Table::token,
                                    .key = std::string(token_key),
                                    .value = std::nullopt,
                                    .expected = row->revision}};
}

}  // namespace shieldwall::server
