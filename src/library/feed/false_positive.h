#pragma once
// A false positive found here, told to whoever shared the indicator.

#include <string>
#include <vector>

#include "api/call.h"
#include "model/canonical.h"

namespace shieldwall::library::feed {

struct Told {
  std::size_t told = 0;
  std::vector<std::string> not_told{};  // "indicator--...: why"
};

/// Puts a STIX opinion ("strongly-disagree") about each indicator of others that names `value` into the
/// circle it came by, under the label that a sighting of it would have: the originator sees it, and nobody
/// who could not see the indicator. It says that blocking was wrong here, and nothing of where or why.
Result<Told> tell_originators(api::Call& call, const model::CanonicalValue& value);

}  // namespace shieldwall::library::feed
