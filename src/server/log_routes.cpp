// The transparency log, read-only as C2SP tlog-tiles says; receipts from it, and who got an object.

#include "api/shelf.h"
#include "base/text.h"
#include "exchange/federation/reconcile.h"
#include "ledger/audit.h"
#include "ledger/delivered.h"
#include "ledger/receipt.h"
#include "server/log_of_node.h"
#include "server/parts.h"
#include "server/withdrawn.h"

namespace shieldwall::server {

Result<ledger::NodeLog*> log_of(const api::Call& call) {
  auto* const log = call.services.shelf ? call.services.shelf->of<ledger::LogOnShelf>().log : nullptr;
  if (log == nullptr) return fail(ErrorCode::not_found, "this node keeps no log");
  return log;
}

Result<api::Response> log_checkpoint(api::Call& call) {
  auto* const log = TRY(log_of(call));
  // This machine's operator asks about now; others are given what the scheduler signed a moment ago.
  if (!log->checkpoint() || (call.caller && call.caller->local)) TRY(log->publish());
  const auto note = log->checkpoint();
  if (!note) return fail(ErrorCode::not_found, "the log has signed nothing yet");
  return api::Response(200, policy::Public::of(ledger::write_note(*note)), "text/plain; charset=utf-8");
}

/// `tile/...` of the path, whatever stands before it.
Result<api::Response> log_tile(api::Call& call) {
  auto* const log = TRY(log_of(call));
  std::string path;
  for (const auto& segment : call.target.segments)
    if (!path.empty() || segment == "tile") path += (path.empty() ? "" : "/") + segment;
  const auto name = ledger::TileName::parse(path);
  if (!name) return fail(ErrorCode::not_found, "{}", name.error().message);
  const auto bytes = TRY(log->tile(*name));
  api::Response response(200, policy::Public::of(bytes), "application/octet-stream");
  response.header("Cache-Control", policy::Public::of("private, max-age=31536000, immutable"));
  return response;
}

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;

constexpr std::string_view text_type = "text/plain; charset=utf-8";

Result<Response> key(Call& call) {
  const auto* const log = TRY(log_of(call));
  return Response(200, policy::Public::of(log->key().text() + "\n"), text_type);
}

/// Whose objects the caller may ask about: nil for all, which is the matter of this machine's operator.
OrganisationId asks_for(const Call& call) {
  return call.caller->local ? OrganisationId{} : call.caller->organisation;
}

Result<ledger::DeliveredAnswer> answer_about(const Call& call, const model::ObjectId& id) {
  return ledger::delivered_answer(call, id, parts_of(call).home, asks_for(call));
}

void write_delivery(JsonWriter& out,
                    const ledger::Delivery& delivery,
                    const ledger::DeliveredAnswer& answer) {
  out.begin_object();
  out.member("organisation", delivery.organisation.text());
  const auto name = answer.names.find(delivery.organisation.uuid);
  if (name != answer.names.end() && !name->second.empty()) out.member("organisation_name", name->second);
  out.member("account", delivery.account.text());
  out.member("name", delivery.name);
  out.member("door", delivery.door);
  out.member("first", to_text(delivery.first));
  out.member("last", to_text(delivery.last));
  out.member("times", delivery.times);
  if (delivery.logged) out.member("log_index", delivery.logged->index);
  out.key("versions");
  out.begin_array();
  for (const auto& version : delivery.versions) {
    if (version.id != answer.object) continue;
    out.begin_object();
    const auto* const at = std::get_if<Timestamp>(&version.version);
    out.member("version", at != nullptr ? to_text_ms(*at) : std::get<Digest>(version.version).hex());
    out.member("label_digest", version.label.hex());
    if (const auto label = answer.labels.find(version.label); label != answer.labels.end()) {
      out.member("tlp", policy::name_of(label->second.tlp));
      out.member("label", ledger::words_of(label->second, answer.names));
    }
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

Result<Response> delivered(Call& call) {
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  const auto about = TRY(answer_about(call, id));
  const auto& caller = *call.caller;
  TRY(ledger::audit(call.services.store, caller, "object.delivered", {{"object", id.text()}}));
  ledger::Note note{.text = ledger::text_of(about), .signatures = {}};
  const auto log = log_of(call);
  if (log) note.signatures.push_back((*log)->sign(note.text));
  JsonWriter out;
  out.begin_object();
  out.member("object", id.text());
  out.member("asked", to_text(about.asked));
  out.member("log", about.origin);
  out.member("log_size", about.log.size);
  out.key("deliveries");
  out.begin_array();
  for (const auto& delivery : about.deliveries) write_delivery(out, delivery, about);
  out.end_array();
  out.member("signed", ledger::write_note(note));
  out.member("key", log ? (*log)->key().text() : std::string());
  out.end_object();
  return answer(200, std::move(out));
}

/// The receipts for an object, each a whole proof file.
Result<Response> proofs(Call& call) {
  const auto* const log = TRY(log_of(call));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  const auto about = TRY(answer_about(call, id));
  JsonWriter out;
  out.begin_object();
  out.member("key", log->key().text());
  out.key("proofs");
  out.begin_array();
  for (const auto& delivery : about.deliveries)
    if (delivery.logged) {
      const auto receipt = TRY(ledger::receipt_for(*log, delivery, id));
      out.value(receipt.text());
    }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

/// That an entry stands in the log; what it commits to is not told here.
Result<Response> proof_at(Call& call) {
  auto* const log = TRY(log_of(call));
  const auto index = ledger::read_number(call.part("index"), "an index");
  if (!index) return fail(ErrorCode::not_found, "no such entry");
  TRY(log->publish());
  const auto proof = TRY(ledger::bare_receipt(*log, *index));
  return Response(200, policy::Public::of(proof.text()), text_type);
}

Result<Response> back_up(Call& call) {
  auto* const log = TRY(log_of(call));
  if (!call.caller->local)
    return fail(ErrorCode::denied, "only the operator of the node's own machine may do this");
  const auto document = TRY(json_body(call));
  const auto path = document.root().find("path");
  if (!path || !path->is(model::JsonKind::string) || !path->string().starts_with('/'))
    return fail(ErrorCode::invalid, "path: give an absolute path");
  const std::string folder(path->string());
  if (TRY(call.services.fs.exists(folder)))
    return fail(ErrorCode::conflict, "{} is there already; a backup overwrites nothing", excerpt(folder));
  TRY(ledger::audit(call.services.store, *call.caller, "log.backup", {{"path", folder}}));
  TRY(log->copy_to(folder));
  return Response::nothing();
}

JsonWriter caught_up(std::uint64_t before, const ledger::NodeLog& log, std::size_t withdrawn, bool was_held) {
  JsonWriter out;
  out.begin_object();
  out.member("was_held", was_held);
  out.member("before", before);
  out.member("size", log.size());
  out.member("withdrawn", withdrawn);
  out.end_object();
  return out;
}

/// A log that was restored goes on: with what another copy of it holds, or with nothing but the word that
/// there is none.
Result<Response> catch_up(Call& call) {
  auto* const log = TRY(log_of(call));
  if (!call.caller->local)
    return fail(ErrorCode::denied, "only the operator of the node's own machine may do this");
  const auto document = TRY(json_body(call));
  const auto from = document.root().find("from");
  const auto before = log->size();
  // Whoever asks its members again shows nothing before they answer.
  if (!log->is_held()) return answer(200, caught_up(before, *log, 0, false));
  std::size_t withdrawn = 0;
  if (from && from->is(model::JsonKind::string)) {
    ledger::FolderSource source(call.services.fs, std::string(from->string()));
    const auto told = TRY(log->catch_up(source));
    withdrawn = TRY(withdraw_again(records_of(call), told));
  }
  TRY(ledger::audit(
      call.services.store, *call.caller, "log.catch_up", {{"before", before}, {"after", log->size()}}));
  // What this node signed since the backup, and what was recalled since, the members know: they are asked
  // before it signs or shows anything.
  if (const auto federation = exchange::federation::federation_of(call.services); federation)
    TRY(exchange::federation::reconcile_after_restore(**federation));
  TRY(log->resume(call.now));
  TRY(log->publish());
  return answer(200, caught_up(before, *log, withdrawn, true));
}

constexpr api::Field catch_up_fields[] = {
    {"from",
     "string",
     "absolute path of a folder of tiles of this log; absent: nobody has more of it",
     false},
};
constexpr api::Type catch_up_type{"LogCatchUp", catch_up_fields};
constexpr api::Field delivered_fields[] = {
    {"object", "string", "its id"},
    {"asked", "timestamp", "when"},
    {"log", "string", "origin of the node's log; empty: it keeps none"},
    {"log_size", "integer", "entries that it had signed then"},
    {"deliveries",
     "[]object",
     "organisation, account, name, door, first, last, times, log_index, versions with label; oldest first"},
    {"signed", "string", "the same in words, as a signed note (C2SP)"},
    {"key", "string", "the key that signed, as name+hash+key"},
};
constexpr api::Type delivered_type{"Delivered", delivered_fields};
constexpr api::Field proofs_fields[] = {
    {"key", "string", "the log's, as name+hash+key"},
    {"proofs",
     "[]string",
     "proof files (C2SP tlog-proof), one for each entry of the log that names the object"},
};
constexpr api::Type proofs_type{"Proofs", proofs_fields};
constexpr api::Field backup_fields[] = {{"path", "string", "absolute path of a new folder"}};
constexpr api::Type backup_type{"LogBackup", backup_fields};

constexpr std::string_view tile_summary =
    "A tile of the log's hashes, or a bundle of its entries (level `entries`): C2SP tlog-tiles";

api::Route tile_row(std::string_view path, Right right) {
  return {.method = net::Method::get,
          .path = path,
          .right = right,
          .handler = log_tile,
          .summary = tile_summary,
          .shows_objects = false};
}

}  // namespace

std::span<const api::Route> log_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/log/checkpoint",
       .right = Right::read,
       .handler = log_checkpoint,
       .summary = "The log's newest checkpoint with its cosignatures: C2SP tlog-checkpoint",
       .shows_objects = false},
      tile_row("/api/v1/log/tile/{level}/{n0}", Right::read),
      tile_row("/api/v1/log/tile/{level}/{n0}/{n1}", Right::read),
      tile_row("/api/v1/log/tile/{level}/{n0}/{n1}/{n2}", Right::read),
      tile_row("/api/v1/log/tile/{level}/{n0}/{n1}/{n2}/{n3}", Right::read),
      tile_row("/api/v1/log/tile/{level}/{n0}/{n1}/{n2}/{n3}/{n4}", Right::read),
      {.method = Method::get,
       .path = "/api/v1/log/key",
       .right = Right::read,
       .handler = key,
       .summary = "The key that signs checkpoints, as C2SP signed-note writes it",
       .shows_objects = false},
      {.method = Method::get,
       .path = "/api/v1/log/proofs/{index}",
       .right = Right::read,
       .handler = proof_at,
       .summary = "That an entry stands in the log: C2SP tlog-proof",
       .shows_objects = false},
      {.method = Method::post,
       .path = "/api/v1/log/backup",
       .right = Right::operate,
       .handler = back_up,
       .summary = "Copies the log into a new folder on the node's machine, while it runs",
       .body = &backup_type},
      {.method = Method::post,
       .path = "/api/v1/log/catch-up",
       .right = Right::operate,
       .handler = catch_up,
       .summary = "Lets a restored log go on, with what a folder of its tiles holds beyond it",
       .body = &catch_up_type},
      {.method = Method::get,
       .path = "/api/v1/delivered/{id}",
       .right = Right::audit,
       .handler = delivered,
       .summary = "Who got an object, when, under which label; signed",
       .answer = &delivered_type},
      {.method = Method::get,
       .path = "/api/v1/delivered/{id}/proofs",
       .right = Right::audit,
       .handler = proofs,
       .summary = "Receipts that stand alone: that and to whom the object left",
       .answer = &proofs_type},
  };
  return routes;
}

}  // namespace shieldwall::server
