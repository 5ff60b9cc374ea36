#pragma once
// Objects that an organisation publishes for somebody else, whom it alone knows (statement kind `delegate`).

#include <set>

#include "ledger/alliance.h"
#include "ledger/rows.h"

namespace shieldwall::ledger {

inline constexpr std::string_view delegated_prefix =
    "delegated/";                                      // of peer_table; then the object's id, twice
inline constexpr std::size_t delegated_max = 100'000;  // of one node
/// STIX `labels` of an object whose owner asks a member that holds it to publish it without its name.
inline constexpr std::string_view delegation_wish = "publish-without-name";

inline store::Write note_delegated(const model::ObjectId& object) {
  return {.table = peer_table,
          .key = std::string(delegated_prefix) + object.text(),
          .value = object.text(),
          .expected = std::nullopt};
}

inline Result<std::set<model::ObjectId>> delegated_objects(store::Records& records) {
  std::set<model::ObjectId> objects;
  for (auto& row :
       TRY(scan_rows(records, peer_table, delegated_prefix, model::ObjectId::parse, delegated_max)))
    objects.insert(std::move(row.value));
  return objects;
}

}  // namespace shieldwall::ledger
