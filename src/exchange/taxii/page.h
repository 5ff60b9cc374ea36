#pragma once
// A page of holdings as one caller may have it, in the order in which they became visible to it.

#include <optional>
#include <vector>

#include "exchange/taxii/collection.h"
#include "exchange/taxii/parameters.h"
#include "policy/released.h"
#include "store/steps.h"

namespace shieldwall::exchange::taxii {

/// Bytes of objects read for one page before the store stops early. Pages are cut by what they render to
/// (answer_bytes_max); this only keeps a page of the largest objects out of memory.
inline constexpr std::size_t read_bytes_max = 64u << 20;

struct Page {
  std::vector<policy::Released<policy::Holding>> holdings;
  std::vector<bool> redacted;            // of each holding: its bytes are not those that the store gave
  std::optional<store::Place> next;      // set when there is more
  Timestamp until = Timestamp::never();  // the first instant at which a label met decides otherwise
};

/// At most `limit` holdings of the collection from `from` on; with `object`, those of that object alone. What
/// the label lets through and redaction then takes away leaves no gap: the page is filled up, and `next` is
/// set only when something behind it can be shown. `past` are the caller's earlier rights.
///   errors  as Objects::find
Result<Page> read_page(const api::Call& call,
                       const Collection& collection,
                       const std::optional<model::ObjectId>& object,
                       const Filters& filters,
                       const store::PastRights& past,
                       std::optional<store::Place> from,
                       int limit);

/// Whether the caller sees any version of the object in the collection.
Result<bool> is_held(const api::Call& call, const Collection& collection, const model::ObjectId& object);

/// All versions of one object, in whatever version of STIX.
store::Query every_version(const model::ObjectId& object, const std::vector<CircleId>& collections);

/// `filters` as a question to the store about the collection.
store::Query query_of(const Collection& collection,
                      const std::optional<model::ObjectId>& object,
                      const Filters& filters);

}  // namespace shieldwall::exchange::taxii
