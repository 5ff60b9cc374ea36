#pragma once
// Objects, search, relationships, imports, changes and sightings under /api/v1. The node adds these rows to
// its router.

#include <span>

#include "api/route.h"

namespace shieldwall::library {

std::span<const api::Route> routes();

}  // namespace shieldwall::library
