#pragma once
// `shieldwall node backup | check`: a copy of a node that is a node, and whether all it keeps verifies.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> node_commands();

}  // namespace shieldwall::cli
