#pragma once
// The rows of taxii.cpp, each beside its function.

#include "cli/command.h"

namespace shieldwall::cli {

extern const Command taxii_discover_command;
extern const Command taxii_pull_command;
extern const Command taxii_push_command;

}  // namespace shieldwall::cli
