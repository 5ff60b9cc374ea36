#pragma once
// Which versions of one object a query gives, and in which holding: TAXII 2.1 section 3.4 `match`, once for
// every store.

#include <vector>

#include "store/row.h"

namespace shieldwall::store {

/// A change (`added` or `opened`) at which the reader meets a holding of the object.
struct Member {
  const Row* row;
  bool content_matches;  // the parts of the query that ask for content
  Timestamp met;         // its added time for this reader
};

/// A version to give: the bytes of `best`, at the place of `first`.
struct Given {
  const Row* best;   // own source first, then the earliest
  const Row* first;  // where the reader met the version
  Timestamp met;     // and when
};

/// Whether a holding is among those of which first, last and newest are taken.
bool in_universe(const Query& query, const Row& row);

/// All of one object that `query` gives, of members that are in its universe and told to the scope. What was
/// added before `added_after` is still among them.
std::vector<Given> family_of(const std::vector<Member>& members,
                             const Query& query,
                             const policy::Scope& scope);

/// One version of an object with its rows, for Objects::versions: oldest first.
std::vector<VersionEntry> entries_of(const std::vector<Member>& members);

}  // namespace shieldwall::store
