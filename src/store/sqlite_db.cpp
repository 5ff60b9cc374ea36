#include "store/sqlite_db.h"

#include <utility>

#include <sqlite3.h>

#include "store/sqlite_vfs.h"

namespace shieldwall::store {

namespace {

ErrorCode meaning_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorCode::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::denied;
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_DATA ? ErrorCode::corrupt : ErrorCode::unavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

Error sqlite_error(sqlite3* db, int code) {
  if (auto from_fs = SqliteVfs::take_error()) return std::move(*from_fs);
  const auto* const words = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const auto* const name = db != nullptr ? sqlite3_db_filename(db, "main") : nullptr;
  const std::string_view path = name != nullptr ? name : "the store's database";
  const auto meaning = meaning_of(code);
  if (meaning == ErrorCode::corrupt)
    return {meaning, fmt::format("{} is damaged: {} ({}); restore its last backup", path, words, code)};
  return {meaning, fmt::format("{}: {} ({})", path, words, code)};
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  auto error = sqlite_error(db_, sqlite3_extended_errcode(db_));
  sqlite3_reset(statement_);
  return fail(std::move(error));
}

Done Statement::run() {
  TRY(step());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::bytes(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Statement::bind_one(int place, std::int64_t value) {
  sqlite3_bind_int64(statement_, place, value);
}

void Statement::bind_one(int place, std::string_view bytes) {
  const auto* const data = bytes.data() != nullptr ? bytes.data() : "";
  sqlite3_bind_blob64(statement_, place, data, bytes.size(), SQLITE_STATIC);
}

void Statement::bind_one(int place, std::nullptr_t) {
  sqlite3_bind_null(statement_, place);
}

void Statement::bind_one(int place, const std::optional<std::string_view>& bytes) {
  if (bytes) {
    bind_one(place, *bytes);
  } else {
    bind_one(place, nullptr);
  }
}

Db::~Db() {
  sqlite3_close_v2(db_);
}

Db::Db(Db&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}

Result<Db> Db::open(const std::string& vfs, const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs.c_str());
  Db db(handle);
  if (code != SQLITE_OK) return fail(sqlite_error(handle, code));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 10'000);  // another connection of this process recovers or checkpoints
  return db;
}

Result<Statement> Db::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(db_, code));
  return Statement(db_, statement);
}

Done Db::execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(db_, sqlite3_extended_errcode(db_)));
  return {};
}

Result<std::int64_t> Db::integer(const char* sql) {
  auto statement = TRY(prepare(sql));
  if (!TRY(statement.step())) return fail(ErrorCode::not_found, "no row");
  return statement.integer(0);
}

bool Db::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

int Db::changed() const {
  return sqlite3_changes(db_);
}

}  // namespace shieldwall::store
