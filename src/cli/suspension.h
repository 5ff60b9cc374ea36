#pragma once
// `member suspend|impact|reinstate`: what an operator decides about another member alone.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> suspension_commands();

}  // namespace shieldwall::cli
