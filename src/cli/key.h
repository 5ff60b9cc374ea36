#pragma once
// `shieldwall key`: API keys.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> key_commands();

}  // namespace shieldwall::cli
