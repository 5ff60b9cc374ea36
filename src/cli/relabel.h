#pragma once
// `shieldwall object relabel`.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> relabel_commands();

}  // namespace shieldwall::cli
