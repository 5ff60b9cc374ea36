#pragma once
// Every indicator that arrives at the node is asked of the past by itself. What was found stands in the
// folder, for `shieldwall hunt results`: it names logs and lines, so it stays on this machine.

#include <string>

#include "base/clock.h"
#include "base/fs.h"
#include "store/store.h"

namespace shieldwall::detect::past {

inline constexpr std::string_view results_name = "results.ndjson";
inline constexpr std::uint64_t results_bytes_max = 64ull
                                                   << 20;  // then they begin anew; the last ones stay beside

/// Takes up to some hundred changes that `scope` sees and that were not asked yet, and asks their indicators
/// of the past in `folder`. The position is kept in Records; one that comes twice, after a crash, is told
/// twice. True while there is more. Where no past is kept nothing is asked, and nothing later either: the
/// position moves on.
///   errors  as the store and the folder
Result<bool> hunt_arrivals(
    store::Store& store, Fs& fs, const Clock& clock, const policy::Scope& scope, const std::string& folder);

}  // namespace shieldwall::detect::past
