#pragma once
// The rules of STIX that are advice: what an object should be.

#include <string_view>
#include <vector>

namespace shieldwall::model {

/// Finding::rule of every warning that checking an object can give, sorted.
std::vector<std::string_view> advice_rules();

}  // namespace shieldwall::model
