#pragma once
// Rules that would match everything.

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

/// Whether the condition holds as soon as the fields it names are there, whatever stands in them: `*`, `.*`,
/// 0.0.0.0/0, a search or its opposite. Such a rule floods people, so it waits for approval.
bool matches_everything(const Rule& rule);

}  // namespace shieldwall::detect::sigma
