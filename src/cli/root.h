#pragma once
// `shieldwall root`: TAXII API roots.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> root_commands();

}  // namespace shieldwall::cli
