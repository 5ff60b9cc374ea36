// Copies of a store, and the check of everything in it.

#include <set>

#include <sqlite3.h>

#include "store/sqlite_parts.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

namespace {

constexpr std::size_t findings_max = 1000;  // a store that bad needs no longer list
constexpr int steps_per_look =
    100'000;                          // of SQLite's machine, some milliseconds, between looks at the deadline
constexpr int pages_per_look = 1024;  // copied

/// While one lives, what its database works on ends soon after the deadline.
class Watch {
 public:
  Watch(sqlite3* db, const Deadline& deadline) : db_(db) {
    sqlite3_progress_handler(
        db_,
        steps_per_look,
        [](void* given) { return static_cast<const Deadline*>(given)->passed() ? 1 : 0; },
        const_cast<Deadline*>(&deadline));
  }
  ~Watch() { sqlite3_progress_handler(db_, 0, nullptr, nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  sqlite3* db_;
};

class Check {
 public:
  Check(Core& core, Reader& reader, Deadline deadline) : core_(core), reader_(reader), deadline_(deadline) {}

  Result<std::vector<std::string>> run() {
    const Watch watch(reader_.db.handle(), deadline_);
    TRY(check_file());
    TRY(check_rows());
    TRY(check_index(Family::facts));
    TRY(check_index(Family::words));
    TRY(check_blobs());
    return std::move(findings_);
  }

 private:
  void find(std::string finding) {
    if (findings_.size() < findings_max) findings_.push_back(std::move(finding));
  }

  Done still_in_time() const {
    if (!deadline_.passed()) return {};
    return fail(ErrorCode::unavailable, "the deadline passed before all was checked");
  }

  Done check_file() {
    auto integrity = TRY(reader_.db.prepare(sql::integrity));
    for (;;) {
      const auto row = integrity.step();
      TRY(still_in_time());
      if (!row) {
        find("file: " + row.error().message);
        return {};
      }
      if (!*row) return {};
      if (integrity.bytes(0) != "ok") find("file: " + std::string(integrity.bytes(0)));
    }
  }

  /// Every change, its bytes and its label; collects what the index should say.
  Done check_rows() {
    const auto state = core_.state();
    for (Sequence sequence = 1; sequence <= state->last; ++sequence) {
      TRY(still_in_time());
      const auto row = read(sequence);
      if (!row) continue;
      if (row->label >= core_.labels.size())
        find(fmt::format("{} (change {}): it has no label", row->id.text(), sequence));
      if (row->gone || row->kind > ChangeKind::opened) continue;
      check_object(*row, sequence <= state->words_done);
    }
    return {};
  }

  std::shared_ptr<const Row> read(Sequence sequence) {
    for (auto* const statement : {&reader_.events, &reader_.bare_events}) {
      statement->bind(sequence, sequence);
      const auto stepped = statement->step();
      if (stepped && !*stepped) {
        find(fmt::format("change {} is missing", sequence));
        return nullptr;
      }
      auto row = stepped ? read_row(*statement) : Result<std::shared_ptr<const Row>>(fail(stepped.error()));
      statement->reset();
      if (row && statement == &reader_.events) return std::move(*row);
      if (row) {  // only its bytes are unreadable
        find(fmt::format("{} (change {}): {}", (*row)->id.text(), sequence, unreadable_));
        return nullptr;
      }
      unreadable_ = row.error().message;
    }
    find(fmt::format("change {}{}: {}", sequence, id_in_bytes(sequence), unreadable_));
    return nullptr;
  }

  /// The id of a damaged row as its bytes tell it.
  std::string id_in_bytes(Sequence sequence) {
    auto statement = reader_.db.prepare(sql::read_content);
    if (!statement) return {};
    statement->bind(sequence);
    const auto stepped = statement->step();
    if (!stepped || !*stepped) return {};
    const auto document = model::JsonDocument::parse(std::string(statement->bytes(0)));
    const auto id = document ? document->root().find("id") : std::nullopt;
    return id && id->is(model::JsonKind::string) ? fmt::format(" ({})", id->string()) : std::string();
  }

  void check_object(const Row& row, bool words_indexed) {
    const auto object = object_of(row);
    if (!row.bytes)
      return find(fmt::format("{} (change {}): its bytes are missing", row.id.text(), row.sequence));
    if (!object || object->id != row.id)
      return find(fmt::format("{} (change {}): its bytes are another object's", row.id.text(), row.sequence));
    auto keys = keys_of(*core_.keys, *object, row.collection);
    if (row.is_redactable() && row.is_observable()) keys.push_back(core_.keys->of({row.id.type, row.alias}));
    for (const auto key : keys) expected_[0].insert({key, row.sequence});
    if (!row.has_text || !words_indexed) return;
    for (const auto key : word_keys(*core_.keys, text_of(row))) expected_[1].insert({key, row.sequence});
  }

  /// The index against its rebuild.
  Done check_index(Family family) {
    const auto state = core_.state();
    auto& expected = expected_[static_cast<std::size_t>(family)];
    const auto compare = [&](const Posting& posting) {
      if (expected.erase(posting) == 0)
        find(fmt::format("index: change {} stands under a key that is not its own", posting.sequence));
    };
    for (const auto& segment : state->part(family).segments)
      for (std::size_t page = 0; page < segment->fences.size(); ++page) {
        TRY(still_in_time());
        const auto bytes = reader_.read_page(segment->number, page);
        const auto postings = bytes ? read_page(*bytes) : Result<std::vector<Posting>>(fail(bytes.error()));
        if (!postings) {
          find(fmt::format(
              "index: page {} of segment {}: {}", page, segment->number, postings.error().message));
          continue;
        }
        for (const auto& posting : *postings) compare(posting);
      }
    for (const auto& run : state->part(family).runs)
      for (const auto& posting : run->postings) compare(posting);
    for (const auto& posting : expected)
      find(fmt::format("index: change {} is missing under one of its keys", posting.sequence));
    return {};
  }

  Done check_blobs() {
    auto blobs = TRY(reader_.db.prepare(sql::read_blobs));
    for (;;) {
      const auto row = blobs.step();
      TRY(still_in_time());
      if (!row) {
        find("blobs: " + row.error().message);
        return {};
      }
      if (!*row) return {};
      if (sha256(blobs.bytes(1)).view() != blobs.bytes(0))
        find("blob " + to_hex(blobs.bytes(0)) + ": its bytes do not match its digest");
    }
  }

  Core& core_;
  Reader& reader_;
  const Deadline deadline_;
  std::string unreadable_;
  std::vector<std::string> findings_;
  std::set<Posting> expected_[2];
};

/// Copies in one read transaction: writes go on beside it, and what they change does not begin it anew.
Done copy_pages(sqlite3* from, sqlite3* to, const Deadline& deadline) {
  auto* const backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) return fail(sqlite_error(to, sqlite3_extended_errcode(to)));
  int stepped = SQLITE_OK;
  while (stepped == SQLITE_OK && !deadline.passed()) stepped = sqlite3_backup_step(backup, pages_per_look);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_OK) return fail(ErrorCode::unavailable, "the deadline passed before all was copied");
  if (stepped != SQLITE_DONE || finished != SQLITE_OK) return fail(sqlite_error(to, finished));
  return {};
}

Done copy_store(Core& core, const std::string& to, const Deadline& deadline) {
  auto reader = TRY(core.readers.take());
  auto copy = TRY(Db::open(core.vfs.name(), to, Db::Mode::create));
  TRY(reader->db.integer(sql::count_tables));  // a reader is in a transaction; only a read takes its snapshot
  return copy_pages(reader->db.handle(), copy.handle(), deadline);
}

}  // namespace

Result<std::vector<std::string>> check_store(Core& core, Deadline deadline) {
  const std::lock_guard tending(core.tending);  // no segment is replaced meanwhile
  const auto reader = TRY(core.readers.take());
  return Check(core, *reader, deadline).run();
}

Done back_up(Core& core, const std::string& path, Deadline deadline) {
  const auto temporary = path + ".new";
  if (TRY(core.seams.fs.exists(temporary))) TRY(core.seams.fs.remove(temporary));
  if (auto copied = copy_store(core, temporary, deadline); !copied) {
    (void)core.seams.fs.remove(temporary);
    return copied;
  }
  TRY(core.seams.fs.rename(temporary, path));
  const auto slash = path.rfind('/');
  return core.seams.fs.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace shieldwall::store
