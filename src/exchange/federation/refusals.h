#pragma once
// What was refused, here and by others: the evidence, as people read it.

#include "exchange/federation/federation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

/// {here: what this node refused, there: what others refused of this node's own}, each with time, statement
/// and reason.
Done write_refusals(model::JsonWriter& out, Federation& federation);

}  // namespace shieldwall::exchange::federation
