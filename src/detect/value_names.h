#pragma once
// What lists and feeds call the kinds of values, in the headers of their columns and in their type columns.

#include <optional>
#include <string_view>

#include "model/canonical.h"

namespace shieldwall::detect {

struct ValueName {
  std::optional<model::ValueKind> kind = {};  // nothing: the value itself shows it
  bool is_hash = false;                       // some hash: its length shows which
  bool is_value_column = false;               // a header over values of any kind, or of the kind above
  bool is_kind_column = false;                // a header over names of kinds
};

/// Case and the difference of '-', '_' and ' ' do not matter; an unknown name gives a ValueName without
/// anything set.
ValueName value_name(std::string_view name);

}  // namespace shieldwall::detect
