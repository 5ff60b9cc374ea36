#include "exchange/taxii/status.h"

#include "model/json_writer.h"

namespace shieldwall::exchange::taxii {

namespace {

void write(model::JsonWriter& out, std::string_view name, const std::vector<StatusEntry>& entries) {
  if (entries.empty()) return;  // lists are never empty (section 2)
  out.key(name);
  out.begin_array();
  for (const auto& entry : entries) {
    out.begin_object();
    out.member("id", entry.id);
    out.member("version", entry.version);
    if (!entry.message.empty()) out.member("message", entry.message);
    out.end_object();
  }
  out.end_array();
}

std::string key_of(const api::Call& call, std::string_view api_root, const Uuid& id) {
  return fmt::format("{}/{}/{}", api_root, call.caller->account.text(), id.text());
}

}  // namespace

Bytes status_text(const Status& status) {
  model::JsonWriter out;
  out.begin_object();
  out.member("id", status.id.text());
  out.member("status", status.pendings.empty() ? "complete" : "pending");
  out.member("request_timestamp", to_text(status.requested));
  out.member("total_count", status.successes.size() + status.failures.size() + status.pendings.size());
  out.member("success_count", status.successes.size());
  write(out, "successes", status.successes);
  out.member("failure_count", status.failures.size());
  write(out, "failures", status.failures);
  out.member("pending_count", status.pendings.size());
  write(out, "pendings", status.pendings);
  out.end_object();
  return std::move(out).text();
}

store::Write kept_for_sender(const api::Call& call,
                             std::string_view api_root,
                             const Bytes& text,
                             const Uuid& id) {
  return {.table = store::Table::taxii_status,
          .key = key_of(call, api_root, id),
          .value = text,
          .expected = std::nullopt,
          .expires = call.now + status_kept};
}

Result<Bytes> kept_status(const api::Call& call, std::string_view api_root, std::string_view id) {
  const auto uuid = Uuid::parse(id);
  if (!uuid) return fail(ErrorCode::not_found, "no such status");
  auto record = call.services.store.records().read(store::Table::taxii_status, key_of(call, api_root, *uuid));
  if (!record && record.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found,
                "no such status; they are kept for two days, for the account that sent");
  if (!record) return fail(std::move(record).error());
  return std::move(record->value);
}

}  // namespace shieldwall::exchange::taxii
