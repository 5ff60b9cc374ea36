#pragma once
// `shieldwall scan`: indicators looked for in logs.

#include <functional>

#include "cli/command.h"
#include "detect/intel.h"

namespace shieldwall::cli {

std::span<const Command> scan_commands();

/// The indicators that the node in --dir shows to the account in --as, one page of its API after the other.
///   errors  as NodeDoor
Done read_intel_of_node(const Arguments& arguments, detect::Intel& into);

}  // namespace shieldwall::cli
