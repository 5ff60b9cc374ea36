#pragma once
// What somebody meant who mistyped a name.

#include <string_view>
#include <vector>

namespace shieldwall {

/// The name among `known` that takes the fewest changed letters (Levenshtein), the first of several; "" of
/// none. Looks at the first 100 bytes of `given`.
std::string_view nearest(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace shieldwall
