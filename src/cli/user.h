#pragma once
// `shieldwall user`: accounts of a node.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> user_commands();

}  // namespace shieldwall::cli
