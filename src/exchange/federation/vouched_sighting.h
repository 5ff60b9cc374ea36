#pragma once
// A sighting without a name as its owner takes it: a relay signed sealed bytes of which it knows nothing
// (anonymous.h, mixing.h).

#include "exchange/federation/reading.h"
#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

bool is_vouched_for(const policy::Statement& statement);

/// Under the statement's label, as vouched for by the relay.
///   errors  denied: not by a relay, or not of this organisation's own indicator; invalid
Result<store::NewHolding> vouched_sighting(const Taking& taking, const ReadEnvelope& opened);

}  // namespace shieldwall::exchange::federation
