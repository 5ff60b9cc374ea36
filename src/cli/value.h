#pragma once
// shieldwall value show | protection | confidence | correct: what sharing was worth, in both directions.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> value_commands();

}  // namespace shieldwall::cli
