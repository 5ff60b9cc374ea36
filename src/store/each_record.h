#pragma once
// A whole range of Records, however long it is.

#include <string>
#include <string_view>

#include "store/store.h"

namespace shieldwall::store {

/// Calls `visit(record)`, a Done, with each record whose key begins with `prefix`, in key order, of which
/// `at_once` are in memory. What is written meanwhile behind the one visited may come or not.
///   errors  as Records::scan, and the first of `visit`, which ends it
template <typename Visit>
Done each_record(Records& records, Table table, std::string_view prefix, int at_once, Visit&& visit) {
  for (std::string after;;) {
    const auto some = TRY(records.scan(table, prefix, after, at_once));
    for (const auto& record : some) TRY(visit(record));
    if (some.size() < static_cast<std::size_t>(at_once)) return {};
    after = some.back().key;
  }
}

}  // namespace shieldwall::store
