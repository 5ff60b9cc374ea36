#pragma once
// The JSON of TAXII 2.1 resources. Object members stand in the order of the specification's tables.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/taxii/collection.h"
#include "exchange/taxii/rewritten.h"
#include "exchange/taxii/taxii.h"
#include "policy/released.h"

namespace shieldwall::exchange::taxii {

/// Section 4.1. `base` ends in a slash: "https://host/", or "/" when the request did not say.
struct Discovery {
  std::string base{};
  TaxiiNames names{};
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

/// For whom holdings leave, and how.
struct Leaving {
  OrganisationId reader{};
  std::vector<bool> redacted{};      // of each holding
  RewrittenObjects* memo = nullptr;  // nothing: each is rewritten anew
};

using Texts = std::vector<std::shared_ptr<const Bytes>>;

/// Objects as this reader's tool gets them: with their markings rewritten, or their very
/// bytes where the reader's own organisation put them. Null for one whose stored bytes cannot be read.
Texts texts_of(const std::pair<std::vector<policy::Holding>, Leaving>& leaving);

/// Section 3.7; `{}` when there are no objects.
std::shared_ptr<const Bytes> envelope_text(const std::pair<Texts, PageEnd>& page);
/// Section 5.3.
std::shared_ptr<const Bytes> manifest_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page);
/// Section 5.8.
std::shared_ptr<const Bytes> versions_text(const std::pair<std::vector<policy::Holding>, PageEnd>& page);

/// The version of a holding: `modified`, else `created`, else when it was added.
std::string version_text(const model::Version& version, Timestamp added);

}  // namespace shieldwall::exchange::taxii
