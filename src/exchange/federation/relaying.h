#pragma once
// What a relay decides, by what it sees: for whom a delivery is, and of an envelope its header. A hub is a
// relay that is given nothing itself.

#include <optional>
#include <string_view>

#include "exchange/federation/known.h"

namespace shieldwall::exchange::federation {

/// Why this node does not carry a delivery on; nothing: it does.
std::optional<std::string_view> why_not_carried(const Known& known, const Delivery& delivery, Timestamp now);

/// Envelopes whose time is over are not handed out: their digests keep the chain whole.
void withhold_expired(Page& page, Timestamp now);

}  // namespace shieldwall::exchange::federation
