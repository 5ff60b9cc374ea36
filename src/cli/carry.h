#pragma once
// `carry out|in`, `alliance request|enrol`: an alliance by files, where no wire is.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> carry_commands();

}  // namespace shieldwall::cli
