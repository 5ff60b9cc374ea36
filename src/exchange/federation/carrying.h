#pragma once
// What a relay does with deliveries for others: they go on to the member whose key they name, and nothing of
// them can be read here.

#include <optional>
#include <string_view>

#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

/// Puts the delivery with what goes on to others. What is anonymous waits among others under a random name,
/// and who brought it is forgotten with this.
///   gives  why it is not carried; nothing: it goes on
Result<std::optional<std::string_view>> carry(Taking& taking, const Delivery& delivery);

}  // namespace shieldwall::exchange::federation
