#pragma once
// A list says that values are bad, and not since when: sent again it says nothing new.

#include <vector>

#include "library/intake.h"

namespace shieldwall::library {

/// What the source holds already under the id of one of these, in force at `now`, takes its place as it is
/// held. Where the store does not answer they stay.
void keep_what_is_held(store::Objects& objects,
                       const policy::Scope& scope,
                       const policy::Source& source,
                       Timestamp now,
                       std::vector<Judged>& judged);

}  // namespace shieldwall::library
