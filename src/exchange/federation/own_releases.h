#pragma once
// What this node released of one object.

#include <vector>

#include "exchange/federation/book.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// Every release of it that is kept, recalled ones among them.
///   errors  exhausted: more than 10,000; corrupt
Result<std::vector<OwnRelease>> own_releases(store::Records& records, const model::ObjectId& object);

}  // namespace shieldwall::exchange::federation
