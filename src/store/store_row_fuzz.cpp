// Any bytes in the columns of a change as they lie on disk: an error that names the change, or a row.
//
// The input is one byte that chooses the column, one for the flags, and the column's bytes.

#include <array>
#include <cstdlib>
#include <string_view>

#include <sqlite3.h>

#include "store/sqlite_rows.h"
#include "store/sqlite_sql.h"

using namespace shieldwall;
using namespace shieldwall::store;

namespace {

struct Rows {
  Db db;
  sqlite3_stmt* insert = nullptr;
  Statement read;

  Rows() : db(opened()), read(*db.prepare(sql::read_events)) {
    sqlite3_prepare_v2(db.handle(), sql::insert_event, -1, &insert, nullptr);
  }
  ~Rows() { sqlite3_finalize(insert); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  static Db opened() {
    auto db = Db::open("unix", ":memory:", Db::Mode::create);
    if (!db || !db->execute(sql::create)) std::abort();
    return std::move(*db);
  }
};

/// A change that can be read, but for what the fuzzer puts over it.
void bind_plain(sqlite3_stmt* insert) {
  static constexpr std::array<char, 16> uuid{};
  static constexpr std::array<char, 8> version{};
  for (int column = 1; column <= 20; ++column) sqlite3_bind_int64(insert, column, 1);
  sqlite3_bind_text(insert, 6, "indicator", -1, SQLITE_STATIC);
  for (const int column : {7, 11}) sqlite3_bind_blob(insert, column, uuid.data(), 16, SQLITE_STATIC);
  sqlite3_bind_blob(insert, 8, version.data(), 8, SQLITE_STATIC);
  for (int column = 12; column <= 19; ++column)
    if (column != 13) sqlite3_bind_null(insert, column);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Rows rows;
  if (size < 2) return 0;
  if (!rows.db.execute("DELETE FROM event")) std::abort();
  bind_plain(rows.insert);
  const int column = 2 + data[0] % 19;
  sqlite3_bind_int64(rows.insert, 5, data[1]);
  sqlite3_bind_blob64(rows.insert, column, data + 2, size - 2, SQLITE_STATIC);
  const int stored = sqlite3_step(rows.insert);
  sqlite3_reset(rows.insert);
  if (stored != SQLITE_DONE) return 0;
  rows.read.bind(1, 1);
  const auto there = rows.read.step();
  if (!there || !*there) std::abort();
  const auto row = read_row(rows.read);
  if (!row && row.error().message.find("change 1 ") == std::string::npos) std::abort();
  if (row && (*row)->sequence != 1) std::abort();
  rows.read.reset();
  return 0;
}
