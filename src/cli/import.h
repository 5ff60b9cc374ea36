#pragma once
// `shieldwall import`: files into a node's store.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> import_commands();

}  // namespace shieldwall::cli
