#pragma once
// `shieldwall watch`: indicators looked for in logs while they grow.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> watch_commands();

}  // namespace shieldwall::cli
