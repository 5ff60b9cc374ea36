#pragma once
// The query of a TAXII request: filters and paging, TAXII 2.1 sections 3.4 and 3.5.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/object.h"
#include "net/url.h"
#include "store/store.h"

namespace shieldwall::exchange::taxii {

inline constexpr int page_objects_max = 1'000;  // more cost the asker memory and gain no speed

/// The match fields that an endpoint knows. Any other is an error: a filter that is not understood must not
/// widen the answer.
struct Fields {
  bool id = false;
  bool type = false;
  bool version = false;
  bool spec_version = true;
};

inline constexpr Fields collection_fields{.id = true, .type = true, .version = true};  // objects, manifest
inline constexpr Fields object_fields{.version = true};                                // one object, DELETE
inline constexpr Fields versions_fields{};

struct Filters {
  std::vector<model::ObjectId> ids;
  std::vector<std::string> types;
  bool first = false;
  bool last = true;
  bool all = false;
  std::vector<Timestamp> versions;
  std::vector<model::SpecVersion> spec_versions;  // empty: the newest held of each object
  std::optional<Timestamp> added_after;           // exclusive
  bool impossible = false;                        // names only what no object can be

  int limit = page_objects_max;
  std::optional<std::string> next;

  /// Whether what is asked for is more than one of first, last and exact versions.
  bool mixed() const;
  /// Everything but limit and next, in one spelling: a cursor belongs to this.
  std::string text() const;
  /// What the store is asked, apart from collections and the id in the path.
  store::Query query() const;
};

/// Reads the filters that `known` lists; other parameters that do not begin with "match" are ignored.
///   errors  invalid: an unknown match field, a field given twice or without a value, a limit below 1, a time
///           that is none
Result<Filters> read_filters(const std::vector<net::Parameter>& query, Fields known);

}  // namespace shieldwall::exchange::taxii
