#pragma once
// Command `alliance reconcile`.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> reconcile_commands();

}  // namespace shieldwall::cli
