#pragma once
// Ctrl-C for commands that take long: once ends them in order, twice at once.

#include <atomic>

namespace shieldwall::cli {

inline constexpr int exit_interrupted = 130;  // what a shell expects behind Ctrl-C

/// Set by SIGINT from the first call on.
const std::atomic<bool>& interrupted();

}  // namespace shieldwall::cli
