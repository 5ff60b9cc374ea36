#include "store/sqlite_schema.h"

#include "store/sqlite_core.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

namespace {

constexpr std::int64_t application = 0x53574c44;  // "SWLD"

struct Step {
  const char* up;
  const char* down;
};
/// Step i leads from version i + 1 to i + 2.
constexpr Step steps[] = {{sql::from_1_to_2, sql::from_2_to_1}, {sql::from_2_to_3, sql::from_3_to_2}};
static_assert(std::size(steps) == schema_version - 1);

Done in_one_step(Db& db, const char* statements) {
  TRY(db.execute(sql::begin_write));
  auto done = db.execute(statements);
  if (done) done = db.execute(sql::commit);
  if (!done && db.in_transaction()) static_cast<void>(db.execute(sql::rollback));
  return done;
}

Result<int> version_of(Db& db) {
  if (TRY(db.integer(sql::application)) != application)
    return fail(ErrorCode::corrupt, "the file is not a Shieldwall store");
  const auto version = TRY(db.integer(sql::version));
  if (version > schema_version)
    return fail(
        ErrorCode::corrupt,
        "the store has schema version {}, this program knows up to {}: run the newer program, or let it "
        "bring the store back",
        version,
        schema_version);
  return static_cast<int>(version);
}

}  // namespace

Done bring_schema_up(Db& db) {
  auto version = TRY(version_of(db));
  if (version == 0) {
    TRY(in_one_step(db, sql::create));
    version = 1;
  }
  for (; version < schema_version; ++version) TRY(in_one_step(db, steps[version - 1].up));
  return {};
}

Done bring_schema_back(const std::string& folder, const Seams& seams, int version) {
  if (version < 1 || version > schema_version)
    return fail(ErrorCode::invalid, "there is no schema version {}: 1 to {}", version, schema_version);
  const auto lock = TRY(seams.fs.open_exclusively(folder + "/node.lock"));
  const SqliteVfs vfs({.clock = seams.clock, .random = seams.random, .fs = seams.fs, .stop = seams.stop});
  auto db = TRY(Db::open(vfs.name(), folder + "/node.db", Db::Mode::existing));
  TRY(db.execute(sql::connection));
  for (auto at = TRY(version_of(db)); at > version; --at) TRY(in_one_step(db, steps[at - 2].down));
  return {};
}

}  // namespace shieldwall::store
