#pragma once
// Rows that several STIX types share. Internal to stix_*.cpp and object*.cpp.

#include "model/stix_schema.h"

namespace shieldwall::model {

extern const Structure kill_chain_phase;    // 2.11
extern const Structure external_reference;  // 2.5
extern const Structure granular_marking;    // 7.2.3.1

// The columns of the table in section 3.2.
extern const std::span<const Property> common_of_domain_objects;  // and of relationship objects
extern const std::span<const Property> common_of_observables;
extern const std::span<const Property> common_of_markings;
extern const std::span<const Property> common_of_language_content;
extern const std::span<const Property> common_of_extension_definitions;
extern const std::span<const Property> common_of_bundles;

}  // namespace shieldwall::model
