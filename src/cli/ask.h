#pragma once
// shieldwall ask | request list: whether another node holds a value, without telling it the value.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> ask_commands();

}  // namespace shieldwall::cli
