#pragma once
// `shieldwall object vouch`.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> vouch_commands();

}  // namespace shieldwall::cli
