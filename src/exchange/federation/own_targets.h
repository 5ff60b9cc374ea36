#pragma once
// A sighting or an opinion that came from a member tells of objects that may be this node's own. It is kept
// under their labels too: whoever may not see the object is not told of it, and its owner is.

#include "policy/scope.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// Joins the holding's label with those of the home organisation's own objects that it refers to.
Done narrow_to_own_targets(store::Objects& objects, const policy::Subject& home, store::NewHolding& holding);

}  // namespace shieldwall::exchange::federation
