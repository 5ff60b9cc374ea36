#pragma once
// `shieldwall scan --why-not VALUE`.

#include "cli/command.h"
#include "cli/matcher.h"
#include "detect/warning_lists.h"

namespace shieldwall::cli {

/// Prints how VALUE is read, what it would hit in an event of this instant and why, and else why it hits
/// nothing. Exit status as of a scan of that one value.
Exit tell_why_not(const Arguments& arguments,
                  const Wanted& wanted,
                  const detect::WarningLists& lists,
                  Timestamp now);

}  // namespace shieldwall::cli
