#pragma once
// `shieldwall init`: makes a node.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> init_commands();

}  // namespace shieldwall::cli
