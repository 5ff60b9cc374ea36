#pragma once
// What a member says became of a statement of this node's organisations, where a relay brought it there.

#include <optional>
#include <string>

#include "exchange/federation/relayed_receipt.h"
#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

/// Whether it is for this node, and signed by the member that it names.
bool is_genuine(const Known& known, const SignedReceipt& receipt);

/// Keeps it as who took the statement signed it; what is asked for once more is told with the next round.
///   gives  why it is not kept; nothing: it is
Result<std::optional<std::string>> keep_receipt(Taking& taking, const Delivery& delivery);

}  // namespace shieldwall::exchange::federation
