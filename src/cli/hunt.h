#pragma once
// `shieldwall hunt`: indicators of today asked of everything that scans remembered.

#include "base/time.h"
#include "cli/command.h"

namespace shieldwall::cli {

std::span<const Command> hunt_commands();

/// The instant that `text` names: "365d", "12h", "30m" before `now`, or a date or time in UTC.
///   errors  invalid
Result<Timestamp> instant_of(std::string_view text, Timestamp now);

}  // namespace shieldwall::cli
