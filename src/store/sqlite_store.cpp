// Opening a store: lock, schema, and the state that was published when it was closed.

#include <sqlite3.h>

#include "store/sqlite_objects.h"
#include "store/sqlite_parts.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_sql.h"
#include "store/whole.h"

namespace shieldwall::store {

namespace {

int note_log_frames(void* frames, sqlite3*, const char*, int pages) {
  static_cast<std::atomic<std::size_t>*>(frames)->store(static_cast<std::size_t>(pages));
  return SQLITE_OK;
}

/// The database file, new or old, on the writer's connection.
Result<Db> open_database(Core& core) {
  auto db = TRY(Db::open(core.vfs.name(), core.path, Db::Mode::create));
  // Asked of SQLite and not of the file: a creation that was cut off leaves pages that it takes back first.
  if (TRY(db.integer(sql::pages)) == 0) {
    int reserved = page_checksum_bytes;
    sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    TRY(db.execute(sql::new_file));
  }
  TRY(db.execute(sql::connection));
  TRY(db.execute(sql::writer_memory));
  TRY(bring_schema_up(db));
  sqlite3_wal_hook(db.handle(), note_log_frames, &core.log_frames);
  return db;
}

Result<std::optional<std::string>> node_value(Writer& writer, std::string_view name) {
  auto* const read = TRY(writer.statement(sql::read_node));
  read->bind(name);
  if (!TRY(read->step())) return std::optional<std::string>{};
  std::optional value(std::string(read->bytes(0)));
  read->reset();
  return value;
}

/// The secret behind the index keys, made with the store.
Done load_keys(Core& core) {
  auto secret = TRY(node_value(*core.writer, "hash_key"));
  if (!secret) {
    secret = core.seams.random.bytes(16);
    auto* const write = TRY(core.writer->statement(sql::write_node));
    TRY(write->bind(std::string_view("hash_key"), *secret).run());
  }
  if (secret->size() != 16) return fail(ErrorCode::corrupt, "the store's hash key is damaged");
  core.keys = std::make_unique<KeyMaker>(std::move(*secret));
  return {};
}

Done load_labels(Core& core) {
  auto* const read = TRY(core.writer->statement(sql::read_labels));
  while (TRY(read->step())) {
    auto label = policy::decode_label(read->bytes(1));
    if (!label) return fail(ErrorCode::corrupt, "label {}: {}", read->integer(0), label.error().message);
    if (core.labels.intern(*label) != read->integer(0))
      return fail(ErrorCode::corrupt, "label {} is not where it was written", read->integer(0));
  }
  core.writer->labels_loaded();
  return {};
}

Done load_segments(Core& core, State& state) {
  auto* const read = TRY(core.writer->statement(sql::read_segments));
  std::uint32_t highest = 0;
  while (TRY(read->step())) {
    auto segment = std::make_shared<Segment>();
    segment->number = static_cast<std::uint32_t>(read->integer(0));
    segment->first = read->sequence(2);
    segment->last = read->sequence(3);
    segment->postings = read->sequence(4);
    segment->fences = TRY(decode_tail(read->bytes(5)));
    segment->ids = KeyFilter::of_bytes(std::string(read->bytes(6)));
    core.watch(*segment);
    highest = std::max(highest, segment->number);
    const auto family = static_cast<Family>(read->integer(1));
    (family == Family::facts ? state.facts : state.words).segments.push_back(std::move(segment));
  }
  core.next_segment = highest + 1;
  return {};
}

/// Pages of segments that were being written or deleted when the store was last left.
Done find_dropped_pages(Core& core, const State& state) {
  std::set<std::uint32_t> listed;
  for (const auto* const part : {&state.facts, &state.words})
    for (const auto& segment : part->segments) listed.insert(segment->number);
  auto* const next = TRY(core.writer->statement(sql::next_page));
  for (std::uint32_t number = 0;;) {
    next->bind(page_row(number, 0));
    if (!TRY(next->step())) return {};
    const auto found = static_cast<std::uint32_t>(next->integer(0) >> 24);
    next->reset();
    if (!listed.contains(found)) core.dropped_segments.with([&](auto& dropped) { dropped.push_back(found); });
    core.next_segment = std::max(core.next_segment.load(), found + 1);
    number = found + 1;
  }
}

Done load_tail(Core& core, State& state) {
  auto* const read = TRY(core.writer->statement(sql::read_tail));
  while (TRY(read->step())) {
    auto run = std::make_shared<Run>();
    run->first = read->sequence(0);
    run->last = read->sequence(1);
    run->postings = TRY(decode_tail(read->bytes(2)));
    add_run(state.facts.runs, std::move(run));
  }
  return {};
}

Done load_position(Core& core, State& state) {
  state.last = static_cast<Sequence>(TRY(core.writer->db().integer(sql::last_event)));
  if (state.last > 0) {
    auto* const instant = TRY(core.writer->statement(sql::instant_of));
    instant->bind(state.last);
    TRY(instant->step());
    core.last_at = instant->time(0);
    instant->reset();
  }
  if (const auto claimed = TRY(node_value(*core.writer, "instant")))
    core.last_at = std::max(core.last_at, Timestamp{std::strtoll(claimed->c_str(), nullptr, 10)});
  const auto words_done = TRY(node_value(*core.writer, "words_done"));
  if (words_done) state.words_done = std::strtoull(words_done->c_str(), nullptr, 10);
  core.text_queue.with([&](TextQueue& queue) { queue.incomplete_until = state.last; });
  auto* const count = TRY(core.writer->statement(sql::count_texts));
  count->bind(state.words_done, flag_has_text);
  TRY(count->step());
  core.text_lag = static_cast<std::size_t>(count->integer(0));
  count->reset();
  return {};
}

class SqliteStore final : public Store, public Whole {
 public:
  explicit SqliteStore(std::unique_ptr<Core> core)
      : core_(std::move(core)),
        objects_(*core_),
        records_(make_sqlite_records(*core_)),
        blobs_(make_sqlite_blobs(*core_)),
        settings_(make_sqlite_settings(*core_)),
        audit_(make_sqlite_log(*core_)) {}

  Objects& objects() override { return objects_; }
  Records& records() override { return *records_; }
  Blobs& blobs() override { return *blobs_; }
  Settings& settings() override { return *settings_; }
  Log& audit() override { return *audit_; }
  Done backup(const std::string& path) override { return back_up_until(path, Deadline::none()); }
  Result<std::vector<std::string>> check() override { return check_until(Deadline::none()); }
  Done back_up_until(const std::string& path, Deadline deadline) override {
    return back_up(*core_, path, deadline);
  }
  Result<std::vector<std::string>> check_until(Deadline deadline) override {
    return check_store(*core_, deadline);
  }

 private:
  std::unique_ptr<Core> core_;
  SqliteObjects objects_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<Blobs> blobs_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Log> audit_;
};

}  // namespace

Done load(Core& core) {
  auto db = TRY(open_database(core));
  core.writer = std::make_unique<Writer>(core, std::move(db));
  TRY(load_keys(core));
  TRY(load_labels(core));
  auto state = std::make_shared<State>();
  TRY(load_segments(core, *state));
  TRY(find_dropped_pages(core, *state));
  TRY(load_tail(core, *state));
  TRY(load_position(core, *state));
  core.state_.with([&](auto& published) { published = std::move(state); });
  return {};
}

namespace {

/// What an operator can do about a folder that is not theirs to write, beside what the system says.
Error with_advice(Error error, const std::string& folder) {
  if (error.code == ErrorCode::denied)
    error.message += fmt::format("; whoever runs this needs to write in {} and own the files there", folder);
  return error;
}

/// Left beside the database once it is made, so that one that is lost later is not taken for one to come.
constexpr std::string_view made_marker = "/node.made";
constexpr std::string_view made_text = "a store was made here: its database is node.db\n";

Result<std::uint64_t> size_of(Fs& fs, const std::string& path) {
  if (!TRY(fs.exists(path))) return std::uint64_t{0};
  const auto file = TRY(fs.open(path, OpenMode::read));
  return file->size();
}

/// SQLite takes an empty or missing file for a new database, and drops a log that stands beside it.
Done refuse_lost_database(Fs& fs, const std::string& folder) {
  const auto database = folder + "/node.db";
  if (TRY(size_of(fs, database)) > 0) return {};
  const auto log = database + "-wal";
  const bool made = TRY(fs.exists(folder + std::string(made_marker)));
  const bool logged = TRY(size_of(fs, log)) > 0;
  if (!made && !logged) return {};
  const bool there = TRY(fs.exists(database));
  return fail(
      ErrorCode::corrupt,
      "{} is {}, but {} says that a store was made here: what it held is lost or elsewhere. Remove {}{} "
      "and put a backup in place as node.db, or leave it out to begin anew",
      database,
      there ? "empty" : "missing",
      made ? "node.made" : "node.db-wal",
      made ? "node.made" : "node.db-wal",
      made && logged ? ", node.db-wal" : "");
}

Done leave_marker(Fs& fs, const std::string& folder) {
  const auto path = folder + std::string(made_marker);
  if (TRY(fs.exists(path))) return {};
  return write_file_durably(fs, path, made_text);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_with(const std::string& folder,
                                                Seams seams,
                                                SqliteOptions options) {
  if (auto made = seams.fs.make_directory(folder); !made) return fail(with_advice(made.error(), folder));
  auto lock = seams.fs.open_exclusively(folder + "/node.lock");
  if (!lock && lock.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict,
                "another process has the store in {} open; talk to it, or stop it first",
                folder);
  if (!lock) return fail(with_advice(lock.error(), folder));
  if (auto kept = refuse_lost_database(seams.fs, folder); !kept)
    return fail(with_advice(kept.error(), folder).within("opening the store in " + folder));
  auto core = std::make_unique<Core>(std::move(seams), options, folder + "/node.db");
  core->lock = std::move(*lock);
  auto loaded = load(*core);
  if (!loaded) return fail(with_advice(loaded.error(), folder).within("opening the store in " + folder));
  TRY(core->seams.fs.sync_directory(folder));
  TRY(leave_marker(core->seams.fs, folder));
  return std::make_unique<SqliteStore>(std::move(core));
}

Result<std::unique_ptr<Store>> open_sqlite(const std::string& folder, Seams seams) {
  return open_sqlite_with(folder, std::move(seams), {});
}

}  // namespace shieldwall::store
