#pragma once
// `field|modifiers: values` of a detection, modifiers applied in their order (Sigma modifiers appendix 2.1).

#include <span>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect::sigma {

inline constexpr std::size_t item_tests_max =
    200'000;  // values of one item once modifiers have multiplied them

/// Reads an item from its key and value. `notes` gets what an operator should know.
///   errors  invalid: an unknown modifier, one that does not fit the value or those before it, a value that
///   is
///           a map, a regular expression that cannot run in linear time, a network that is none
///           exhausted: too many values
Result<Item> read_item(std::string_view key,
                       const Yaml& value,
                       const ReadOptions& options,
                       std::vector<std::string>& notes);

/// A list of bare strings: keywords, any of which may stand anywhere in the event.
Result<Item> read_keywords(std::span<const Yaml> values);

}  // namespace shieldwall::detect::sigma
