#pragma once
// Control feeds under /api/v1/controls, and the address that controls fetch from: /feeds/{control}.

#include "api/route.h"

namespace shieldwall::library {

std::span<const api::Route> feed_routes();

}  // namespace shieldwall::library
