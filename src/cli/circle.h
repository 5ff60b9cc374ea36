#pragma once
// `shieldwall circle`: circles, who is inside, and what accounts may do there.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> circle_commands();

}  // namespace shieldwall::cli
