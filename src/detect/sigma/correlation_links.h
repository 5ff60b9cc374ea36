#pragma once
// Finds the rules that correlations are about; for compile.cpp.

#include "detect/sigma/tables.h"

namespace shieldwall::detect::sigma {

/// Fills `correlations` and `silent`. A correlation with a rule that is not there, or in a circle with
/// another, moves to `unusable`; so do those that are about it.
void link_correlations(Tables& tables);

}  // namespace shieldwall::detect::sigma
