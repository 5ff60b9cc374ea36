#include "model/stix_schema.h"

#include <algorithm>
#include <array>
#include <vector>

namespace shieldwall::model {

namespace {

/// All types by name.
const std::vector<const StixType*>& types_by_name() {
  static const std::vector<const StixType*> sorted = [] {
    std::vector<const StixType*> all;
    for (const auto types : {domain_types(), observable_types(), other_types()})
      for (const StixType& type : types) all.push_back(&type);
    std::ranges::sort(all, {}, [](const StixType* type) { return type->own.name; });
    return all;
  }();
  return sorted;
}

const Property* find_in(std::span<const Property> properties, std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Property& row : properties)
    if (row.name.size() == name.size() && row.name[0] == name[0] && row.name == name) return &row;
  return nullptr;
}

}  // namespace

const StixType* find_stix_type(std::string_view name) {
  const auto& types = types_by_name();
  const auto name_of = [](const StixType* type) { return type->own.name; };
  const auto found = std::ranges::lower_bound(types, name, {}, name_of);
  return found != types.end() && (*found)->own.name == name ? *found : nullptr;
}

const Property* find_property(const StixType& type, std::string_view name) {
  if (const Property* row = find_in(type.common, name)) return row;
  return find_in(type.own.properties, name);
}

const Property* find_property(const Structure& structure, std::string_view name) {
  return find_in(structure.properties, name);
}

}  // namespace shieldwall::model
