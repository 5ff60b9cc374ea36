#pragma once
// What operators do beside alliances themselves (alliance_routes): one table for each matter.

#include <span>

#include "api/route.h"

namespace shieldwall::exchange::federation {

/// "/api/v1/alliances/keys", ".../time": this node's own keys and clock.
std::span<const api::Route> own_node_routes();
/// "/api/v1/members/...": suspending one, and what passed between it and this node.
std::span<const api::Route> other_member_routes();
/// "/api/v1/objects/{id}/recall": taking an object back, and who confirmed it.
std::span<const api::Route> recall_routes();

}  // namespace shieldwall::exchange::federation
