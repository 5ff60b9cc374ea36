#include "server/session.h"

#include "api/fields.h"
#include "ledger/rows.h"
#include "model/json_writer.h"

namespace shieldwall::server {

namespace {

Result<Session> decode_session(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "session"));
  Session session;
  session.account = TRY(fields.parsed<AccountId>("account"));
  session.generation = static_cast<std::uint32_t>(TRY(fields.number("generation")));
  session.created.us = TRY(fields.number("created_us"));
  session.seen.us = TRY(fields.number("seen_us"));
  return session;
}

}  // namespace

std::string session_key(std::string_view secret, std::string_view token) {
  return hmac_sha256(secret, fmt::format("session {}", token)).hex();
}

Result<ledger::Row<Session>> read_session(store::Records& records, std::string_view key) {
  return ledger::read_row(records, store::Table::session, key, decode_session, "session");
}

store::Write write_of(const Session& session, std::string key, Duration whole, std::uint64_t revision) {
  model::JsonWriter out;
  out.begin_object();
  out.member("account", session.account.text());
  out.member("generation", session.generation);
  out.member("created_us", session.created.us);
  out.member("seen_us", session.seen.us);
  out.end_object();
  return {.table = store::Table::session,
          .key = std::move(key),
          .value = std::move(out).text(),
          .expected = revision,
          .expires = session.created + whole};
}

}  // namespace shieldwall::server
