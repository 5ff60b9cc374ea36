#pragma once
// What the routes by which operators handle alliances have in common.

#include "api/call.h"
#include "exchange/federation/federation.h"
#include "model/json.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

/// Alliances are the node's matter: operators of its own organisation.
///   errors  denied; conflict: the node takes no part in alliances
Result<Federation*> operated(const api::Call& call);

api::Response told(int status, model::JsonWriter out);

inline constexpr std::size_t operator_body_bytes_max = 64u << 10;

/// The request's JSON; an empty body is an empty object. errors: as api::body_of, invalid
Result<model::JsonDocument> body_in(const api::Call& call, std::size_t bytes_max = operator_body_bytes_max);

}  // namespace shieldwall::exchange::federation
