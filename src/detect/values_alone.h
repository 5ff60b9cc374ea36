#pragma once
// Which patterns say no more than "one of these values was seen": a Matcher looks for these. The others are
// held against whole events (pattern/indicator_patterns.h).

#include "model/pattern.h"

namespace shieldwall::detect {

/// The paths whose comparison means "this value was seen", whatever the event.
/// `network-traffic:src_ref.value` says more (a direction), so it is no literal.
bool is_plain_path(const model::ObjectPath& path);

/// Values on plain paths, compared by =, IN and ISSUBSET without NOT and joined by OR, without qualifiers.
bool is_of_values_alone(const model::Pattern& pattern);

}  // namespace shieldwall::detect
