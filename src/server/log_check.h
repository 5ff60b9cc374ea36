#pragma once
// Before a member is taken back: whether its log continues what this node, as its witness, saw of it last.

#include <string>

#include "exchange/federation/federation.h"
#include "ledger/log/witness.h"

namespace shieldwall::server {

/// Asks the member's node for its checkpoint and as many tiles as the proof takes. Gives what it shows, in
/// plain words.
///   errors  corrupt: it was rewritten since, or is shorter; invalid: its checkpoint is not signed by a key
///   of
///           its; unavailable: it cannot be asked
Result<std::string> check_log_of(exchange::federation::Federation& federation,
                                 ledger::Witness& witness,
                                 const OrganisationId& member);

}  // namespace shieldwall::server
