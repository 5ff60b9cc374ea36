#pragma once
// `alliance ...`, `member suspend|reinstate|impact`, `recall`: an operator's words about other nodes.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> alliance_commands();

}  // namespace shieldwall::cli
