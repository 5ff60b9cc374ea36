#pragma once
// After a restore: what a node forgot of its own statements comes back from those who hold them, and so do
// the objects in them. Nothing is believed but the own signature.

#include <span>

#include "api/call.h"
#include "exchange/federation/known.h"
#include "exchange/federation/reconcile_frames.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

/// What this node holds of the peer's statements, of those elements in their order, until a message is full:
/// at least the first. What it does not hold is passed over.
Result<std::vector<HeldStatement>> held_of(api::Services& services,
                                           const Known& known,
                                           const OrganisationId& peer,
                                           std::span<const reconcile::Element> elements);

struct TakenBack {
  std::size_t statements = 0;  // that go on behind what was known here
  std::size_t objects = 0;     // that are here again
  std::size_t recalls = 0;     // of which an object was here again by the restore, and is gone once more
};

/// Takes statements of this node's own back from a peer. A newer one is kept here than it brings: nothing
/// happens.
///   errors  invalid: one that no key of this node's signed, or bytes that are not those it commits to
Result<TakenBack> take_back(api::Services& services,
                            const Known& known,
                            const ledger::NodeKeys& keys,
                            const OrganisationId& peer,
                            std::span<const HeldStatement> held);

}  // namespace shieldwall::exchange::federation
