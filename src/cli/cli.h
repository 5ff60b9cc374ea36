#pragma once
// The command line: `shieldwall <noun> <verb>`, one file per command.

namespace shieldwall::cli {

/// Runs the command that the arguments name and returns the process's exit status:
/// 0 done, 1 found or differs, 2 usage, 3 refused by policy, 4 input bad, 5 unavailable.
int run(int argc, char** argv);

}  // namespace shieldwall::cli
