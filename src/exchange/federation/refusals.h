#pragma once
// What was refused, here and by others: the evidence, as people read it.

#include "exchange/federation/federation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

/// {here: what this node refused, there: what others refused of this node's own}, each with time, statement
/// and reason; {counted: how many more it refused of whom, beyond what is kept}.
Done write_refusals(model::JsonWriter& out, Federation& federation);

}  // namespace shieldwall::exchange::federation
