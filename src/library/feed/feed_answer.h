#pragma once
// What the routes by which people handle control feeds have in common.

#include "api/route.h"
#include "model/json.h"
#include "model/json_writer.h"

namespace shieldwall::library::feed {

/// The request's JSON; a warning list is the longest of them. errors: as api::body_of, invalid
Result<model::JsonDocument> feed_body(const api::Call& call);

api::Response answer(int status, model::JsonWriter out);

}  // namespace shieldwall::library::feed
