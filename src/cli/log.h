#pragma once
// shieldwall log: the transparency log of a node, read and verified by whoever does not trust it.

#include <span>

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> log_commands();

}  // namespace shieldwall::cli
