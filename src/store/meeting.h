#pragma once
// Since when a reader whose rights changed sees a holding as they see it now.

#include "store/row.h"
#include "store/steps.h"

namespace shieldwall::store {

/// The instant at which the reader met this change.
///   saw  whether earlier rights showed at least as much of it
template <typename Saw>
Timestamp met_at(const Row& row, const PastRights& pasts, Saw&& saw) {
  for (auto past = pasts.rbegin(); past != pasts.rend() && row.at < past->until; ++past)
    if (!saw(*past, row)) return past->until;
  return row.at;
}

/// Whether rights that `sees` tells of showed the change: of an amended holding another change may have.
template <typename Sees>
bool showed(const Row& row, Sees&& sees, Timestamp now) {
  if (row.pasts.empty()) return tells(row, sees, now);
  return sees(row.label, row.columns(), now);
}

}  // namespace shieldwall::store
