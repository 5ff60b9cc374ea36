#pragma once
// The sending side: follows what changed here and turns each release of the own organisation into a signed
// statement and a sealed envelope for every member that may have it.

#include "api/call.h"
#include "exchange/federation/known.h"
#include "exchange/federation/outbox.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

/// What one look at the changes led to.
struct ReleaseRound {
  bool more = false;                    // there may be more changes
  std::size_t statements = 0;           // signed, with one signature for all
  std::vector<OrganisationId> peers{};  // whose queues grew
};

/// Takes the next changes after the kept cursor; statements, deliveries and cursor become durable together.
/// Called by one thread.
///   errors  conflict: somebody else added deliveries meanwhile; nothing was done, begin again
Result<ReleaseRound> release_changes(api::Services& services,
                                     const Known& known,
                                     const ledger::NodeKeys& keys);

/// Tells a member that came back everything that was released to it since `from` and not told.
Result<ReleaseRound> release_again(api::Services& services,
                                   const Known& known,
                                   const ledger::NodeKeys& keys,
                                   const OrganisationId& member,
                                   store::Sequence from);

}  // namespace shieldwall::exchange::federation
