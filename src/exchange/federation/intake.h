#pragma once
// The receiving side: every delivery is judged by its own signature, commitment and label, whoever brought
// it. What this node may not have is refused: its payload and key are forgotten, statement and header are
// kept as evidence, and the origin is told.

#include "api/call.h"
#include "exchange/federation/known.h"
#include "exchange/federation/outbox.h"
#include "exchange/federation/reading.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

/// What became of a page.
struct TakenPage {
  Ack ack{};                // signed; covers everything that is durable here
  std::size_t objects = 0;  // new holdings
  std::size_t refused = 0;
  std::size_t recalled = 0;
  std::vector<OrganisationId> carried_to{};  // members whose queues grew by what was carried for others
  bool wants_rosters = false;  // a statement names a roster that this node has not heard of: ask, then again
};

/// Takes the deliveries of `peer` that follow what was taken before; one taken already is passed over.
///   ahead   what was read of the page already, and is used up here; empty: nothing was
///   errors  invalid: a gap, or another chain than this node saw (evidence of a rewritten history); conflict:
///           the same peer's deliveries are being taken elsewhere at this moment
Result<TakenPage> take_page(api::Services& services,
                            const Known& known,
                            const ledger::NodeKeys& keys,
                            const OrganisationId& peer,
                            const Page& page,
                            ReadAhead& ahead);

/// The acknowledgement of what was taken from the peer so far.
Result<Ack> ack_for(api::Services& services,
                    const Known& known,
                    const ledger::NodeKeys& keys,
                    const OrganisationId& peer);

}  // namespace shieldwall::exchange::federation
