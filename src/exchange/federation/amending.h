#pragma once
// What becomes of releases made before when their object's label is amended, or the object goes: the next
// statement of the same release tells those who have it.

#include <span>

#include "exchange/federation/drafts.h"

namespace shieldwall::exchange::federation {

/// Brings every release of the object under what its label has become. What the label takes is taken within
/// the release by which it was given; whom it gives something gets it by a new release, which is for the
/// caller to offer.
///   holdings  as they stand now, all of them
Done draft_amendments(Drafts& drafts,
                      const model::ObjectId& object,
                      std::span<const policy::Holding> holdings);

/// What is gone here is recalled wherever it was sent, unless it is still shared some other way.
Done draft_recalls(Drafts& drafts, const policy::Holding& gone);

}  // namespace shieldwall::exchange::federation
