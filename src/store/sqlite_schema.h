#pragma once
// The version of the tables in a database file, and the steps between versions, both ways. Only sqlite_*.cpp
// and tests include this.

#include <string>

#include "store/sqlite_db.h"
#include "store/store.h"

namespace shieldwall::store {

inline constexpr int schema_version = 3;

/// Makes the tables in a new file, or brings an older file's to this version, each step durable.
///   errors  corrupt: not a store of ours, or of a newer program (says both versions)
Done bring_schema_up(Db& db);

/// The way back: makes a closed store readable by an older program.
///   errors  conflict: it is open; corrupt: not a store of ours; invalid: no such version
Done bring_schema_back(const std::string& folder, const Seams& seams, int version);

}  // namespace shieldwall::store
