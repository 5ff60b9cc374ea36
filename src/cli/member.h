#pragma once
// `shieldwall member`: organisations that a node knows.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> member_commands();

}  // namespace shieldwall::cli
