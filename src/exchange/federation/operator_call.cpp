#include "exchange/federation/operator_call.h"

namespace shieldwall::exchange::federation {

Result<Federation*> operated(const api::Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  if (call.caller->organisation != federation->options().home && !call.caller->local)
    return fail(ErrorCode::denied, "only operators of the node's own organisation may do this");
  return federation;
}

api::Response told(int status, model::JsonWriter out) {
  return {status, policy::Release::fact(std::move(out).text())};
}

Result<model::JsonDocument> body_in(const api::Call& call, std::size_t bytes_max) {
  auto text = TRY(api::body_of(call, bytes_max));
  return model::JsonDocument::parse(text.empty() ? "{}" : std::move(text));
}

}  // namespace shieldwall::exchange::federation
