#pragma once
// The JSON of TAXII 2.1 resources. Object members stand in the order of the specification's tables.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/taxii/collection.h"
#include "policy/released.h"

namespace shieldwall::exchange::taxii {

/// Section 4.1. `base` ends in a slash: "https://host/", or "/" when the request did not say.
struct Discovery {
  std::string base{};
  std::vector<ledger::ApiRoot> roots{};
};
Bytes discovery_text(const Discovery& discovery);

/// Section 4.2.
Bytes api_root_text(const ledger::ApiRoot& root);

/// Sections 5.1 and 5.2.
Bytes collections_text(const std::vector<Collection>& collections);
Bytes collection_text(const Collection& collection);

/// What is told of a page beside its holdings.
struct PageEnd {
  bool more = false;
  std::string next{};
};

/// An object as this reader's tool gets it: with its markings rewritten (DESIGN section 3), or its very bytes
/// where the reader's own organisation put it. Empty when the stored bytes cannot be read.
Bytes object_text(const std::pair<policy::Holding, OrganisationId>& leaving);

/// Section 3.7; `{}` when there are no objects.
Bytes envelope_text(const std::pair<std::vector<Bytes>, PageEnd>& page);
/// Section 5.3.
Bytes manifest_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page);
/// Section 5.8.
Bytes versions_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page);

/// The version of a holding: `modified`, else `created`, else when it was added.
std::string version_text(const model::Version& version, Timestamp added);

}  // namespace shieldwall::exchange::taxii
