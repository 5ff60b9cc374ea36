#pragma once
// shieldwall delivered: who got an object, when, under which label.

#include <span>

#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> delivered_commands();

}  // namespace shieldwall::cli
