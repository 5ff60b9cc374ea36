// What members' nodes ask about logs: this node's own, and its cosignature under theirs. And the evidence
// that logs gave against themselves.

#include "api/shelf.h"
#include "ledger/delivery.h"
#include "server/log_of_node.h"
#include "server/parts.h"
#include "server/witnessing.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;

constexpr std::string_view text_type = "text/plain; charset=utf-8";

/// errors: not_found: not the node of a member: to it there is nothing here
Done only_members(const Call& call) {
  const auto* const federation = TRY(exchange::federation::federation_of(call.services));
  const auto known = federation->known();
  const auto& pin = call.request.client_certificate_pin;
  const auto found = pin ? known->pins.find(*pin) : known->pins.end();
  if (found == known->pins.end() || known->is_suspended(found->second))
    return fail(ErrorCode::not_found, "there is nothing here for this certificate");
  return {};
}

Result<ledger::Witness*> witness_of(const Call& call) {
  auto* const witness = call.services.shelf->of<WitnessOnShelf>().witness.get();
  if (witness == nullptr) return fail(ErrorCode::not_found, "this node is no witness");
  return witness;
}

Result<Response> checkpoint_for_member(Call& call) {
  TRY(only_members(call));
  return log_checkpoint(call);
}

Result<Response> tile_for_member(Call& call) {
  TRY(only_members(call));
  return log_tile(call);
}

Result<Response> add_checkpoint(Call& call) {
  TRY(only_members(call));
  auto* const witness = TRY(witness_of(call));
  if (const auto* const log = call.services.shelf->of<ledger::LogOnShelf>().log; log && log->is_held())
    return fail(
        ErrorCode::unavailable,
        "this node came back from a backup and does not know all that it cosigned; it witnesses again "
        "when its own log goes on");
  const auto body = TRY(api::body_of(call, ledger::add_checkpoint_bytes_max));
  const auto told = witness->add_checkpoint(body, call.now);
  return Response(told.status, policy::Public::of(told.body), told.type);
}

Result<Response> cosigned_checkpoint(Call& call) {
  TRY(only_members(call));
  auto* const witness = TRY(witness_of(call));
  const auto note = TRY(witness->last_by_hash(call.part("origin")));
  if (!note) return fail(ErrorCode::not_found, "nothing of that origin was cosigned");
  return Response(200, policy::Public::of(ledger::write_note(*note)), text_type);
}

Result<Response> evidence(Call& call) {
  auto* const witness = TRY(witness_of(call));
  JsonWriter out;
  out.begin_object();
  out.key("evidence");
  out.begin_array();
  for (const auto& file : TRY(witness->evidence())) out.value(file);
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

constexpr api::Field evidence_fields[] = {
    {"evidence",
     "[]string",
     "evidence files: two checkpoints that a log signed and that contradict each other"},
};
constexpr api::Type evidence_type{"LogEvidence", evidence_fields};

api::Route for_members(net::Method method,
                       std::string_view path,
                       api::Handler handler,
                       std::string_view summary) {
  return {.method = method, .path = path, .right = Right::none, .handler = handler, .summary = summary};
}

}  // namespace

std::span<const api::Route> witness_routes() {
  using net::Method;
  static const api::Route routes[] = {
      for_members(Method::get, "/federation/log/checkpoint", checkpoint_for_member, "This node's checkpoint"),
      for_members(Method::get, "/federation/log/tile/{level}/{n0}", tile_for_member, "A tile of its log"),
      for_members(
          Method::get, "/federation/log/tile/{level}/{n0}/{n1}", tile_for_member, "A tile of its log"),
      for_members(
          Method::get, "/federation/log/tile/{level}/{n0}/{n1}/{n2}", tile_for_member, "A tile of its log"),
      for_members(Method::get,
                  "/federation/log/tile/{level}/{n0}/{n1}/{n2}/{n3}",
                  tile_for_member,
                  "A tile of its log"),
      for_members(Method::post,
                  "/federation/witness/add-checkpoint",
                  add_checkpoint,
                  "Cosigns a member's checkpoint: C2SP tlog-witness"),
      for_members(Method::get,
                  "/federation/witness/{origin}/checkpoint",
                  cosigned_checkpoint,
                  "What was cosigned last of the origin with that SHA-256"),
      {.method = Method::get,
       .path = "/api/v1/log/evidence",
       .right = Right::audit,
       .handler = evidence,
       .summary = "What logs of members signed that contradicts itself",
       .answer = &evidence_type},
  };
  return routes;
}

}  // namespace shieldwall::server
