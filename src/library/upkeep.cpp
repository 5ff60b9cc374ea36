#include "library/upkeep.h"

#include "api/fields.h"
#include "ledger/audit.h"
#include "library/search.h"
#include "model/json_writer.h"
#include "store/whole.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t body_bytes_max = 64u << 10;  // one path

constexpr api::Field backup_fields[] = {
    {"path", "string", "absolute path of the copy, which is not there yet"},
};
constexpr api::Field findings_fields[] = {
    {"findings", "[]string", "what does not verify: which object, which part; empty when all is well"},
};

Done only_operator_here(const api::Call& call) {
  if (call.caller->local) return {};
  return fail(ErrorCode::denied,
              "only the operator of the node's own machine may do this, by its local socket");
}

Bytes write_findings(const std::vector<std::string>& findings) {
  model::JsonWriter out;
  out.begin_object();
  out.key("findings");
  out.begin_array();
  for (const auto& finding : findings) out.value(finding);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

}  // namespace

const api::Type store_backup{"StoreBackup", backup_fields};
const api::Type store_findings{"StoreFindings", findings_fields};

Result<api::Response> back_up_store(api::Call& call) {
  TRY(only_known(call.target, {}));
  TRY(only_operator_here(call));
  const auto text = TRY(api::body_of(call, body_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(text));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto path = TRY(fields.text("path"));
  TRY(fields.finish());
  if (!path.starts_with('/')) return fail(ErrorCode::invalid, "path: give an absolute path");
  if (TRY(call.services.fs.exists(path)))
    return fail(ErrorCode::conflict, "{} is there already; a backup overwrites nothing", path);
  TRY(ledger::audit(call.services.store, *call.caller, "store.backup", {{"path", path}}));
  TRY(store::back_up(call.services.store, path, call.deadline));
  return api::Response::nothing();
}

Result<api::Response> check_store(api::Call& call) {
  TRY(only_known(call.target, {}));
  TRY(only_operator_here(call));
  auto findings = TRY(store::check(call.services.store, call.deadline));
  TRY(ledger::audit(call.services.store, *call.caller, "store.check", {{"findings", findings.size()}}));
  const auto answer = TRY(policy::Release::of(
      call.scope(), policy::Owned<std::vector<std::string>>{call.caller->organisation, std::move(findings)}));
  return api::Response(200, answer.render(write_findings));
}

}  // namespace shieldwall::library
