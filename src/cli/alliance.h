#pragma once
// `alliance create|invite|join|list|refused`: the alliances of a node.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> alliance_commands();

}  // namespace shieldwall::cli
