#pragma once
// may_see of many holdings at once.

#include <span>

#include "policy/scope.h"

namespace shieldwall::policy {

/// `seen[i]` becomes may_see of a holding with label `ids[i]` and columns `columns[i]`. The three are of one
/// length. Rows of labels are asked from memory ahead of their use, so that its delay is paid once and not
/// for each.
void decide_many(const Decider& decider,
                 std::span<const LabelId> ids,
                 std::span<const LabelColumns> columns,
                 Timestamp now,
                 std::span<bool> seen);

}  // namespace shieldwall::policy
