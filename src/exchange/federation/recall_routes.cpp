// "/api/v1/objects/{id}/recall": recalling an object, and who confirmed it.

#include "exchange/federation/impact.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/operator_routes.h"
#include "ledger/audit.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;
using net::Method;

Result<Response> recall(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  TRY(ledger::audit(call.services.store, *call.caller, "object.recall", {{"object", id.text()}}));
  TRY(recall_object(*federation, id));
  JsonWriter out;
  TRY(write_recall(out, *federation, id));
  return told(200, std::move(out));
}

Result<Response> recalled(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  JsonWriter out;
  TRY(write_recall(out, *federation, id));
  return told(200, std::move(out));
}

constexpr api::Field recall_fields[] = {
    {"object", "string", "id"},
    {"recipients",
     "[]object",
     "member, name, state: confirmed, refused, acknowledged, with the relay, waiting, or in a file (of "
     "`carry "
     "out`: nothing tells whether it arrived)"},
};
constexpr api::Type recall_type{"Recall", recall_fields};

constexpr api::Route routes[] = {
    {.method = Method::post,
     .path = "/api/v1/objects/{id}/recall",
     .right = Right::publish,
     .handler = recall,
     .summary = "Recall an object from everybody it was released to",
     .answer = &recall_type},
    {.method = Method::get,
     .path = "/api/v1/objects/{id}/recall",
     .right = Right::publish,
     .handler = recalled,
     .summary = "Who confirmed a recall",
     .answer = &recall_type},
};

}  // namespace

std::span<const api::Route> recall_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
