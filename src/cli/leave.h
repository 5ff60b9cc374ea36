#pragma once
// `alliance leave`; apart, since the examples of other commands need the alliance before it is left.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> leave_commands();

}  // namespace shieldwall::cli
