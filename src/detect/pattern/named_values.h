#pragma once
// The observables that a pattern names, for warning lists.

#include <map>
#include <string>

#include "detect/pattern/indicator_patterns.h"
#include "detect/warning_lists.h"
#include "model/pattern.h"

namespace shieldwall::detect {

/// A warning list that names a value of the pattern, where the lists name all observables that it asks for:
/// with the ports, types and sizes beside them it is as harmless as they are. Nothing where one is on no
/// list, is only described (LIKE, MATCHES, ...), or where it asks for none.
std::optional<std::string> list_naming_all(const model::Pattern& pattern, const WarningLists& lists);

/// The same of indicators that `patterns` takes, by number.
std::map<std::size_t, std::string> listed_patterns(const IndicatorPatterns& patterns,
                                                   const WarningLists& lists);

}  // namespace shieldwall::detect
