#pragma once
// /api/v1/value: what sharing was worth, what others' corrections leave of an indicator, where protection
// loses time. The node adds these rows to its router.

#include <span>

#include "api/route.h"

namespace shieldwall::library {

std::span<const api::Route> value_routes();

}  // namespace shieldwall::library
