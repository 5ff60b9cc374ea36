#pragma once
// `shieldwall sighting choose | stop | send | list`: what of the organisation's sightings returns, and to
// whom.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> sighting_commands();

}  // namespace shieldwall::cli
