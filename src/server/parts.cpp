#include "server/parts.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::server {

Result<const api::Caller*> signed_in(const api::Call& call) {
  if (!call.caller) return fail(ErrorCode::denied, "sign in first");
  return &*call.caller;
}

Result<model::JsonDocument> json_body(const api::Call& call) {
  auto body = TRY(api::body_of(call, admin_body_bytes_max));
  auto document = model::JsonDocument::parse(std::move(body));
  if (!document) return fail(std::move(document).error().within("the body"));
  return document;
}

api::Response answer(int status, model::JsonWriter out) {
  return {status, policy::Release::fact(std::move(out).text())};
}

Result<bool> knows_organisation(const api::Call& call, const OrganisationId& id) {
  const auto& caller = *call.caller;
  const auto& home = parts_of(call).home;
  if (id == caller.organisation || id == home) return true;
  if (caller.organisation == home && caller.has(api::Right::operate)) return true;
  for (const auto& row : TRY(ledger::circles_of(call.services.store.records(), caller.organisation)))
    if (ledger::is_inside(row.value, caller.organisation) && ledger::is_inside(row.value, id)) return true;
  return false;
}

Result<ledger::Row<ledger::Organisation>> organisation_of(const api::Call& call,
                                                          std::string_view id_or_name) {
  auto row = ledger::organisation_named(call.services.store.records(), id_or_name);
  if (!row && row.error().code != ErrorCode::not_found) return row;
  // In the same words for one that is hidden: else the answer would tell that it exists.
  if (!row || !TRY(knows_organisation(call, row->value.id)))
    return fail(ErrorCode::not_found, "no organisation '{}' is known", excerpt(id_or_name));
  return row;
}

}  // namespace shieldwall::server
