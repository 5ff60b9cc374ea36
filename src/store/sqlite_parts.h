#pragma once
// The parts of a SQLite store beside its objects. Only sqlite_*.cpp include this.

#include <memory>

#include "store/sqlite_core.h"

namespace shieldwall::store {

std::unique_ptr<Records> make_sqlite_records(Core& core);
std::unique_ptr<Blobs> make_sqlite_blobs(Core& core);
std::unique_ptr<Settings> make_sqlite_settings(Core& core);
std::unique_ptr<Log> make_sqlite_log(Core& core);

/// Makes tables and published state from what the file holds.
Done load(Core& core);

/// A consistent copy while writes go on.
Done back_up(Core& core, const std::string& path, Deadline deadline);
/// Everything that does not verify.
Result<std::vector<std::string>> check_store(Core& core, Deadline deadline);

/// open_sqlite with what tests and benchmarks choose.
Result<std::unique_ptr<Store>> open_sqlite_with(const std::string& folder,
                                                Seams seams,
                                                SqliteOptions options);

}  // namespace shieldwall::store
