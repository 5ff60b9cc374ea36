#pragma once
// shieldwall taxii discover | pull | push: this organisation as a client of other TAXII 2.1 servers.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> taxii_commands();

}  // namespace shieldwall::cli
