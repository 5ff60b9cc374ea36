#pragma once
// What a relay carried is forgotten once everybody for whom it waited has it, and it is older than the backup
// from which a member would come back. The queues stay: what is gone is told as withdrawn, so that numbers
// and chains hold.

#include "exchange/federation/known.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

inline constexpr Duration carried_kept = hours(24 * 7);       // also when everybody acknowledged it
inline constexpr Duration carried_kept_max = hours(24 * 90);  // for members that do not come: they reconcile

/// Forgets what was carried long enough, some tens of thousands of items at a time. Called by one thread.
Done forget_carried(store::Records& records, const Known& known, Timestamp now);

}  // namespace shieldwall::exchange::federation
