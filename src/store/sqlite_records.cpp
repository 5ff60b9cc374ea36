#include <algorithm>

#include "store/sqlite_parts.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

namespace {

constexpr std::size_t blob_bytes_max = 256u << 20;  // SQLite takes a gigabyte at most; uploads come in pieces

Result<std::uint64_t> revision_of(Core& core, Table table, const std::string& key) {
  auto* const read = TRY(core.writer->statement(sql::read_record));
  read->bind(static_cast<int>(table), key);
  if (!TRY(read->step())) return 0;
  const auto revision = read->time(2) <= core.seams.clock.now() ? 0 : read->sequence(1);
  read->reset();
  return revision;
}

/// The counter behind all revisions: it never gives a number twice, also after deletion.
Result<std::uint64_t> last_revision(const Transaction& transaction) {
  if (transaction.revision) return *transaction.revision;
  auto* const read = TRY(transaction.core.writer->statement(sql::read_node));
  read->bind(std::string_view("revision"));
  if (!TRY(read->step())) return 0;
  const std::uint64_t last = std::strtoull(std::string(read->bytes(0)).c_str(), nullptr, 10);
  read->reset();
  return last;
}

/// All checks come before the first write. Only rows whose revision is asked for are read. errors: conflict
Done check_expected(Core& core, std::span<const Write> batch, std::uint64_t revision) {
  std::map<std::pair<Table, std::string_view>, std::optional<std::uint64_t>> asked;
  for (const auto& write : batch)
    if (write.expected) asked.try_emplace({write.table, write.key});
  if (asked.empty()) return {};
  for (const auto& write : batch) {
    ++revision;
    const auto found = asked.find({write.table, write.key});
    if (found == asked.end()) continue;
    auto& current = found->second;
    if (write.expected) {
      if (!current) current = TRY(revision_of(core, write.table, write.key));
      if (*write.expected != *current)
        return fail(ErrorCode::conflict, "{} has revision {}, not {}", write.key, *current, *write.expected);
    }
    current = write.value && write.expires > core.seams.clock.now() ? revision : 0;
  }
  return {};
}

Done write_one(Writer& writer, const Write& write, std::uint64_t revision) {
  if (!write.value) {
    auto* const drop = TRY(writer.statement(sql::delete_record));
    return drop->bind(static_cast<int>(write.table), write.key).run();
  }
  auto* const keep = TRY(writer.statement(sql::write_record));
  return keep->bind(static_cast<int>(write.table), write.key, *write.value, revision, write.expires).run();
}

/// A reader's connection with one of its statements.
struct Asking {
  ReaderPool::Lease lease;
  Statement& statement;

  static Result<Asking> with(Core& core, const char* text) {
    auto lease = TRY(core.readers.take());
    auto* const statement = TRY(lease->statement(text));
    return Asking{std::move(lease), *statement};
  }
};

// ---- records

class SqliteRecords final : public Records {
 public:
  explicit SqliteRecords(Core& core) : core_(core) {}

  Done write(std::span<const Write> batch) override {
    const RecordCache::Writing writing(core_.records, batch);
    return core_.writer->run([&](Transaction& transaction) { return write_records(transaction, batch); },
                             Deadline::none());
  }

  Result<Record> read(Table table, std::string_view key) override {
    const auto standing = [&](const Record& record) { return record.expires > core_.seams.clock.now(); };
    const auto absent = [&] { return fail(ErrorCode::not_found, "no record {}", key); };
    if (const auto kept = core_.records.find(table, key)) {
      if (!standing(*kept)) return absent();
      return *kept;
    }
    const auto ticket = core_.records.begin_read(table);
    auto asking = TRY(Asking::with(core_, sql::read_record));
    asking.statement.bind(static_cast<int>(table), key);
    if (!TRY(asking.statement.step())) return absent();
    Record record{.key = std::string(key),
                  .value = Bytes(asking.statement.bytes(0)),
                  .revision = asking.statement.sequence(1),
                  .expires = asking.statement.time(2)};
    if (!standing(record)) return absent();
    core_.records.keep(table, record, ticket);
    return record;
  }

  Result<std::vector<Record>> scan(Table table,
                                   std::string_view prefix,
                                   std::string_view after,
                                   int limit) override {
    const ScanKey question{.prefix = prefix, .after = after, .limit = limit};
    if (const auto kept = core_.records.find(table, question)) return *kept;
    const auto ticket = core_.records.begin_read(table);
    auto found = TRY(scan_stored(table, question));
    core_.records.keep(table, question, found, ticket);
    return found;
  }

  Result<bool> expire(Timestamp now) override {
    constexpr int at_once = 1000;
    int deleted = 0;
    const auto work = [&](Transaction& transaction) -> Done {
      transaction.writing = true;
      auto* const drop = TRY(core_.writer->statement(sql::expire_records));
      TRY(drop->bind(now, at_once).run());
      deleted = core_.writer->db().changed();
      return {};
    };
    TRY(core_.writer->run(work, Deadline::none()));
    if (deleted > 0) core_.records.forget_expiring();
    return deleted == at_once;
  }

 private:
  /// The first text after all that start with `prefix`; empty when there is none.
  static std::string end_of(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (!end.empty()) ++end.back();
    return end;
  }

  Result<std::vector<Record>> scan_stored(Table table, const ScanKey& question) {
    const auto end = end_of(question.prefix);
    auto asking = TRY(Asking::with(core_, end.empty() ? sql::scan_records_to_the_end : sql::scan_records));
    std::string from(question.prefix);
    if (question.after >= question.prefix) (from = question.after) += '\0';  // the first text after it
    const auto now = core_.seams.clock.now();
    const auto limit = std::max(question.limit, 0);
    if (end.empty())
      asking.statement.bind(static_cast<int>(table), std::string_view(from), now, limit);
    else
      asking.statement.bind(
          static_cast<int>(table), std::string_view(from), std::string_view(end), now, limit);
    std::vector<Record> found;
    while (TRY(asking.statement.step()))
      found.push_back({.key = std::string(asking.statement.bytes(0)),
                       .value = Bytes(asking.statement.bytes(1)),
                       .revision = asking.statement.sequence(2),
                       .expires = asking.statement.time(3)});
    return found;
  }

  Core& core_;
};

// ---- blobs

class SqliteBlobs final : public Blobs {
 public:
  explicit SqliteBlobs(Core& core) : core_(core) {}

  Result<Digest> put(std::string_view bytes) override {
    if (bytes.size() > blob_bytes_max)
      return fail(ErrorCode::exhausted, "a blob of {} bytes, {} at most", bytes.size(), blob_bytes_max);
    const auto digest = sha256(bytes);
    const auto work = [&](Transaction& transaction) -> Done {
      transaction.writing = true;
      auto* const insert = TRY(core_.writer->statement(sql::insert_blob));
      return insert->bind(digest.view(), bytes).run();
    };
    TRY(core_.writer->run(work, Deadline::none()));
    return digest;
  }

  Result<Bytes> get(const Digest& digest) override {
    auto asking = TRY(Asking::with(core_, sql::read_blob));
    asking.statement.bind(digest.view());
    if (!TRY(asking.statement.step())) return fail(ErrorCode::not_found, "no blob {}", digest.hex());
    Bytes bytes(asking.statement.bytes(0));
    if (sha256(bytes) != digest) return fail(ErrorCode::corrupt, "blob {} is damaged", digest.hex());
    return bytes;
  }

  Done remove(const Digest& digest) override {
    return core_.writer->run(
        [&](Transaction& transaction) -> Done {
          transaction.writing = true;
          auto* const drop = TRY(core_.writer->statement(sql::delete_blob));
          return drop->bind(digest.view()).run();
        },
        Deadline::none());
  }

 private:
  Core& core_;
};

// ---- settings

class SqliteSettings final : public Settings {
 public:
  explicit SqliteSettings(Core& core) : core_(core) {}

  Result<std::optional<std::string>> get(std::string_view name) override {
    auto asking = TRY(Asking::with(core_, sql::read_setting));
    asking.statement.bind(name);
    if (!TRY(asking.statement.step())) return std::optional<std::string>{};
    return std::optional(std::string(asking.statement.bytes(0)));
  }

  Done set(std::string_view name, std::string_view value) override {
    return core_.writer->run(
        [&](Transaction& transaction) -> Done {
          transaction.writing = true;
          auto* const keep = TRY(core_.writer->statement(sql::write_setting));
          return keep->bind(name, value).run();
        },
        Deadline::none());
  }

 private:
  Core& core_;
};

// ---- log

class SqliteLog final : public Log {
 public:
  explicit SqliteLog(Core& core) : core_(core) {}

  Result<std::uint64_t> append(std::span<const Bytes> entries) override {
    std::uint64_t first = 0;
    const auto work = [&](Transaction& transaction) -> Done {
      first = TRY(append_log(transaction, entries, core_.seams.clock.now()));
      return {};
    };
    TRY(core_.writer->run(work, Deadline::none()));
    return first;
  }

  Result<std::vector<LogEntry>> read(std::uint64_t from, int limit) override {
    auto asking = TRY(Asking::with(core_, sql::read_log));
    asking.statement.bind(from, std::max(limit, 0));
    std::vector<LogEntry> entries;
    while (TRY(asking.statement.step()))
      entries.push_back({.index = asking.statement.sequence(0),
                         .at = asking.statement.time(1),
                         .entry = Bytes(asking.statement.bytes(2))});
    return entries;
  }

  Result<std::uint64_t> size() override {
    auto asking = TRY(Asking::with(core_, sql::log_size));
    TRY(asking.statement.step());
    return asking.statement.sequence(0);
  }

 private:
  Core& core_;
};

}  // namespace

Done write_records(Transaction& transaction, std::span<const Write> batch) {
  auto revision = TRY(last_revision(transaction));
  TRY(check_expected(transaction.core, batch, revision));  // all checks before the first write
  transaction.writing = true;
  // In the order of their keys: neighbours of one page are written while it is at hand.
  std::vector<std::pair<const Write*, std::uint64_t>> ordered;
  for (const auto& write : batch) ordered.emplace_back(&write, ++revision);
  std::ranges::stable_sort(ordered, {}, [](const auto& each) {
    return std::pair<Table, std::string_view>(each.first->table, each.first->key);
  });
  for (const auto& [write, number] : ordered) TRY(write_one(*transaction.core.writer, *write, number));
  transaction.revision = revision;
  return {};
}

Result<std::uint64_t> append_log(Transaction& transaction, std::span<const Bytes> entries, Timestamp at) {
  auto& writer = *transaction.core.writer;
  if (!transaction.next_entry) {
    auto* const size = TRY(writer.statement(sql::log_size));
    TRY(size->step());
    transaction.next_entry = size->sequence(0);
    size->reset();
  }
  const auto first = *transaction.next_entry;
  transaction.writing = true;
  auto* const insert = TRY(writer.statement(sql::insert_log));
  for (const auto& entry : entries) TRY(insert->bind((*transaction.next_entry)++, at, entry).run());
  return first;
}

std::unique_ptr<Records> make_sqlite_records(Core& core) {
  return std::make_unique<SqliteRecords>(core);
}
std::unique_ptr<Blobs> make_sqlite_blobs(Core& core) {
  return std::make_unique<SqliteBlobs>(core);
}
std::unique_ptr<Settings> make_sqlite_settings(Core& core) {
  return std::make_unique<SqliteSettings>(core);
}
std::unique_ptr<Log> make_sqlite_log(Core& core) {
  return std::make_unique<SqliteLog>(core);
}

}  // namespace shieldwall::store
