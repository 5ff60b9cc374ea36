#pragma once
// `shieldwall serve`: runs a node.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> serve_commands();

}  // namespace shieldwall::cli
