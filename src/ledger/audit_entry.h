#pragma once
// Audit entries that are written in the step of what they tell of.

#include <optional>
#include <span>
#include <vector>

#include "api/call.h"
#include "store/steps.h"

namespace shieldwall::ledger {

/// For store::Along::audit: that the caller put what was stored of the batch, by `circle`. None when nothing
/// was.
std::vector<Bytes> put_entry(const api::Caller& caller,
                             const std::optional<CircleId>& circle,
                             std::span<const store::NewHolding> batch,
                             std::span<const store::PutOutcome> outcomes);

}  // namespace shieldwall::ledger
