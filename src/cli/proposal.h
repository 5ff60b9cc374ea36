#pragma once

#include <span>

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> proposal_commands();

}  // namespace shieldwall::cli
