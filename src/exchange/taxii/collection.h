#pragma once
// Collections: every circle that an API root shows, and one of all the caller may see. TAXII 2.1 section 5.2.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/api_root.h"
#include "ledger/circle.h"

namespace shieldwall::exchange::taxii {

/// A collection as one caller finds it.
struct Collection {
  CircleId id{};
  std::string title{};
  std::string description{};
  std::string alias{};
  std::vector<std::string> media_types{};
  bool can_read = false;
  bool can_write = false;
  std::optional<ledger::Row<ledger::Circle>> circle{};  // nothing: the one of all the caller may see
  std::vector<CircleId> searched{};                     // Query::collections
  std::vector<policy::Source> sources{};                // Query::sources; empty: whoever added it

  /// errors: denied
  Done must_read() const;
  Done must_write() const;
};

/// Whether the organisation itself put what came from that source.
bool is_own(const policy::Source& source, const OrganisationId& organisation);

/// errors: not_found
Result<ledger::ApiRoot> api_root_of(const api::Call& call);

/// Those that the caller is inside of, by creation; the one of everything last.
Result<std::vector<Collection>> collections_of(const api::Call& call, const ledger::ApiRoot& root);

/// The one that the path names by id or alias.
///   errors  not_found: none, or one of others: the two are told apart nowhere
Result<Collection> collection_of(const api::Call& call, const ledger::ApiRoot& root);

}  // namespace shieldwall::exchange::taxii
