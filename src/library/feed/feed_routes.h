#pragma once
// The doors of control feeds.

#include <span>

#include "api/route.h"

namespace shieldwall::library {

/// "/api/v1/controls...": making them, seeing them.
std::span<const api::Route> feed_routes();
/// "/api/v1/control-values": why a value is given to them, or not.
std::span<const api::Route> control_value_routes();
/// "/api/v1/never-block", "/api/v1/warning-lists": what none of them is to block.
std::span<const api::Route> never_block_routes();
/// "/feeds/{control}": what they fetch.
std::span<const api::Route> fetch_routes();

}  // namespace shieldwall::library
