#pragma once
// One SQLite connection and its statements. A connection belongs to one thread at a time; errors are values.
// Only sqlite_*.cpp include this.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace shieldwall::store {

class Statement {
 public:
  explicit Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  /// Binds parameters 1, 2, ... in order. Text and blobs must outlive the step.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    int place = 0;
    (bind_one(++place, values), ...);
    return *this;
  }

  /// Binds one parameter over what bind() gave it.
  Statement& bind_at(int place, Timestamp value) {
    bind_one(place, value);
    return *this;
  }

  /// True when a row is there to be read, false at the end (and the statement is ready again).
  Result<bool> step();
  /// For a statement that gives no row.
  Done run();
  void reset();

  std::int64_t integer(int column) const;
  std::uint64_t sequence(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  Timestamp time(int column) const { return {integer(column)}; }
  std::string_view bytes(int column) const;  // until the next step; text too
  bool is_null(int column) const;

 private:
  void bind_one(int place, std::int64_t value);
  void bind_one(int place, std::uint64_t value) { bind_one(place, static_cast<std::int64_t>(value)); }
  void bind_one(int place, int value) { bind_one(place, static_cast<std::int64_t>(value)); }
  void bind_one(int place, std::uint32_t value) { bind_one(place, static_cast<std::int64_t>(value)); }
  void bind_one(int place, bool value) { bind_one(place, static_cast<std::int64_t>(value)); }
  void bind_one(int place, Timestamp value) { bind_one(place, value.us); }
  void bind_one(int place, std::string_view bytes);  // as a blob
  void bind_one(int place, const std::string& bytes) { bind_one(place, std::string_view(bytes)); }
  void bind_one(int place, const char*) = delete;
  void bind_one(int place, std::nullptr_t);
  void bind_one(int place, const std::optional<std::string_view>& bytes);

  sqlite3* db_;
  sqlite3_stmt* statement_;
};

class Db {
 public:
  enum class Mode { create, existing };
  ~Db();
  Db(Db&& other) noexcept;
  Db& operator=(Db&&) = delete;

  static Result<Db> open(const std::string& vfs, const std::string& path, Mode mode);

  Result<Statement> prepare(const char* sql);
  /// Runs statements that give no rows.
  Done execute(const char* sql);
  Result<std::int64_t> integer(const char* sql);
  bool in_transaction() const;
  int changed() const;  // rows that the last statement touched
  sqlite3* handle() { return db_; }

 private:
  explicit Db(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

/// What SQLite's result code means here, with Fs's own words where it failed.
Error sqlite_error(sqlite3* db, int code);

}  // namespace shieldwall::store
