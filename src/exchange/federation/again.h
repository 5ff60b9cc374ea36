#pragma once
// What was told to a member and did not arrive is queued for it once more.

#include <span>

#include "api/call.h"
#include "exchange/federation/known.h"
#include "exchange/reconcile/coded.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

struct ToldAgain {
  std::size_t queued = 0;    // deliveries with new numbers
  std::size_t waiting = 0;   // on their way already
  std::size_t withheld = 0;  // its label lets the member see it no longer
};

/// Queues the statements of those elements for the peer's node, each with the epoch key that opens it. What
/// was never told to it, what a newer statement replaced, and what is not carried any more is passed over.
Result<ToldAgain> tell_again(api::Services& services,
                             const Known& known,
                             const ledger::NodeKeys& keys,
                             const OrganisationId& peer,
                             std::span<const reconcile::Element> elements);

}  // namespace shieldwall::exchange::federation
