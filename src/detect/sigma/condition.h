#pragma once
// The condition grammar of Sigma rules (specification 2.0, "Condition").
//
//   or     := and ("or" and)*          and  := not ("and" not)*          not := "not" not | term
//   term   := "(" or ")" | ("1" | "any" | "all") "of" ("them" | pattern) | name

#include <span>
#include <string>
#include <string_view>

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

/// SigmaHQ's longest condition names 24 searches and nests 2 deep.
inline constexpr std::size_t condition_bytes_max = 64u << 10;
inline constexpr std::size_t condition_terms_max = 4'000;
inline constexpr int condition_depth_max = 64;

/// Reads `text` over the searches called `names`; operators in any case, names as they are written.
///   errors  invalid: says at which word and why; a name or pattern without a search, the aggregations of
///           Sigma 1 (`| count()`)
///           exhausted: longer, deeper or with more terms than the limits
Result<Condition> read_condition(std::string_view text, std::span<const std::string> names);

}  // namespace shieldwall::detect::sigma
