#pragma once
// `alliance keys`, `alliance attest-time`: a node's own keys, and its clock where no member is reached.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> alliance_keys_commands();

}  // namespace shieldwall::cli
