#pragma once
// shieldwall sigma check, and what `scan --sigma` does: Sigma rules without a node.

#include <atomic>

#include "cli/command.h"
#include "detect/files.h"

namespace shieldwall::cli {

std::span<const Command> sigma_commands();

/// Looks for the rules of --sigma in the files, and prints each hit with the rule's id, title and level, as a
/// line of text or (--json) of JSON.
Exit scan_with_sigma(const Arguments& arguments,
                     std::span<const detect::InputFile> files,
                     const std::atomic<bool>& stop);

}  // namespace shieldwall::cli
