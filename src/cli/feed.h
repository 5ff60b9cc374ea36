#pragma once
// `shieldwall feed`: what firewalls, resolvers and sensors fetch to block.

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> feed_commands();

}  // namespace shieldwall::cli
