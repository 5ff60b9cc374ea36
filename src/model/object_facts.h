#pragma once
// Facts taken out of an object. Internal to object*.cpp.

#include <optional>

#include "model/object.h"
#include "model/pattern.h"

namespace shieldwall::model {

std::optional<int> confidence_of(const Json& object);

/// Every reference but created_by_ref and the markings, wherever it stands, in the order of the text.
/// References inside the container of section 2.13 name its keys and are none.
std::vector<Reference> references_of(const Json& object);

/// The canonical values of an observable, of the observables in a container, or of an indicator's pattern;
/// sorted, each once. What has no canonical form is left out. `pattern`: the indicator's, where it was parsed
/// already.
std::vector<CanonicalValue> values_of(const Json& object,
                                      SpecVersion version,
                                      const std::optional<Pattern>& pattern);

}  // namespace shieldwall::model
