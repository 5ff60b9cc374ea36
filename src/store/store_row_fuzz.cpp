// Any bytes in the columns of a change as they lie on disk: an error that names the change, or a row.
//
// The input is one byte that chooses the column, one for the flags, and the column's bytes.

#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <sqlite3.h>

#include "store/sqlite_rows.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_sql.h"

using namespace shieldwall;
using namespace shieldwall::store;

namespace {

struct Rows {
  Db db;
  sqlite3_stmt* insert = nullptr;
  Statement read;

  Rows() : db(opened()), read(*db.prepare(sql::read_events)) {
    if (sqlite3_prepare_v2(db.handle(), sql::insert_event, -1, &insert, nullptr) != SQLITE_OK) std::abort();
  }
  ~Rows() { sqlite3_finalize(insert); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  static Db opened() {
    auto db = Db::open("unix", ":memory:", Db::Mode::create);
    if (!db || !db->execute(sql::new_file) || !bring_schema_up(*db)) std::abort();
    return std::move(*db);
  }
};

constexpr int columns = 21;

/// A change that can be read, but for what the fuzzer puts over it.
void bind_plain(sqlite3_stmt* insert) {
  static constexpr std::array<char, 16> uuid{};
  static constexpr std::array<char, 8> version{};
  for (int column = 1; column <= columns; ++column) sqlite3_bind_int64(insert, column, 1);
  sqlite3_bind_text(insert, 6, "indicator", -1, SQLITE_STATIC);
  for (const int column : {7, 11}) sqlite3_bind_blob(insert, column, uuid.data(), 16, SQLITE_STATIC);
  sqlite3_bind_blob(insert, 8, version.data(), 8, SQLITE_STATIC);
  for (const int column : {12, 14, 15, 16, 17, 18, 19, 21}) sqlite3_bind_null(insert, column);
}

/// What it says of a change of which one column is `bytes`; nothing when the table does not take that.
///   column  0: none
std::optional<Result<std::shared_ptr<const Row>>> read_with(Rows& rows,
                                                            int column,
                                                            std::string_view bytes,
                                                            int flags) {
  if (!rows.db.execute("DELETE FROM event")) std::abort();
  bind_plain(rows.insert);
  sqlite3_bind_int64(rows.insert, 5, flags);
  if (column > 0) sqlite3_bind_blob64(rows.insert, column, bytes.data(), bytes.size(), SQLITE_STATIC);
  const int stored = sqlite3_step(rows.insert);
  sqlite3_reset(rows.insert);
  if (stored != SQLITE_DONE) return std::nullopt;
  rows.read.bind(1, 1);
  const auto there = rows.read.step();
  if (!there || !*there) std::abort();
  auto row = read_row(rows.read);
  rows.read.reset();
  return row;
}

/// Without it every input would end where none is read.
bool reads_plain_one(Rows& rows) {
  const auto row = read_with(rows, 0, {}, 0);
  return row && *row;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Rows rows;
  static const bool works = reads_plain_one(rows);
  if (!works) std::abort();
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto row = read_with(rows, 2 + data[0] % (columns - 1), bytes, data[1]);
  if (!row) return 0;
  if (!*row && row->error().message.find("change 1 ") == std::string::npos) std::abort();
  if (*row && (**row)->sequence != 1) std::abort();
  return 0;
}
