#pragma once
// `shieldwall search`: what a node holds, as one of its accounts sees it.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> search_commands();

}  // namespace shieldwall::cli
