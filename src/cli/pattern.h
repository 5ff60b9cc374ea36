#pragma once
// `shieldwall pattern`: STIX patterns checked, and held against observed-data.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> pattern_commands();

}  // namespace shieldwall::cli
