#pragma once
// shieldwall object check | id: STIX objects in files, looked at without a node.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> object_commands();

}  // namespace shieldwall::cli
