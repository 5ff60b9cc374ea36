#pragma once
// What a change of a roster means, as one person would tell another.

#include <string>
#include <vector>

#include "policy/roster.h"

namespace shieldwall::ledger {

/// One line for each thing that differs, the weightiest first: who goes, who comes, who decides, whose keys.
std::vector<std::string> told_in_words(const policy::Roster& before, const policy::Roster& after);

}  // namespace shieldwall::ledger
