#pragma once
// `recall`: taking back what was released.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> recall_commands();

}  // namespace shieldwall::cli
