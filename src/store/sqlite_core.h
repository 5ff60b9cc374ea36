#pragma once
// What the parts of the SQLite store share: connections, the writer and its transactions, the published
// state. Only sqlite_*.cpp include this.
//
// Threads: any number read, each on a connection of its own; one at a time leads the writer and commits for
// all that wait. Nothing here starts a thread.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "policy/scope.h"
#include "store/index.h"
#include "store/record_cache.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_vfs.h"
#include "store/store.h"

namespace shieldwall::store {

struct SqliteOptions {
  std::size_t cache_bytes = 64u << 20;       // rows kept in memory
  std::size_t seal_changes = 100'000;        // the fresh tail becomes a segment at about this many changes
  std::size_t text_queue_bytes = 64u << 20;  // texts waiting for the words index; later ones are read again
  std::size_t words_chunk = 20'000;          // changes in a fresh segment of words
  std::size_t merge_width = 8;               // neighbouring segments of like size that become one
  // Defects for the tests of the tests:
  bool skip_sync = false;
  bool acknowledge_early = false;  // a put answers success without waiting for what its commit says
};

struct Core;

/// A connection for reading, with its statements.
struct Reader {
  Db db;
  Statement events;
  Statement bare_events;
  Statement page;
  Statement instant;
  Statement begin;
  Statement end;
  std::string page_bytes;                     // of the page read last
  std::map<const char*, Statement> others{};  // by their SQL

  static Result<std::unique_ptr<Reader>> open(Core& core);
  /// A statement of this connection, prepared once. Good until the connection goes back.
  Result<Statement*> statement(const char* sql);
  Result<std::string_view> read_page(std::uint32_t segment, std::size_t page_number);
};

/// Gives each reading thread a connection, and takes it back.
class ReaderPool {
 public:
  explicit ReaderPool(Core& core) : core_(core) {}
  struct Return {
    ReaderPool* pool;
    void operator()(Reader* reader) const { pool->give_back(reader); }
  };
  using Lease = std::unique_ptr<Reader, Return>;
  Result<Lease> take();
  void close() {
    idle_.with([](Idle& idle) { idle.readers.clear(); });
  }
  /// Closes connections that nobody needed since this was called last.
  void close_unneeded();

 private:
  // Opening one costs some hundred microseconds, more than most questions. A node's pool has 16 threads a
  // core; of those as many hold a connection at one time as there are cores, and some that were interrupted.
  static constexpr std::size_t idle_max = 64;
  static constexpr std::size_t always_kept = 4;

  struct Idle {
    std::vector<std::unique_ptr<Reader>> readers;  // the one given back last is taken first
    std::size_t fewest = 0;                        // since close_unneeded was called
  };

  void give_back(Reader* reader);

  Core& core_;
  Guarded<Idle> idle_;
};

/// The `event` column of the table of what is due.
inline constexpr int due_opens = 1;
inline constexpr int due_withdraws = 2;

/// One group of puts and writes on its way to the disk. Whatever is asked of it sees what it holds already.
struct Transaction {
  Core& core;
  Db& db;
  std::shared_ptr<const State> state;  // before it
  Sequence last;                       // change
  Timestamp last_at;
  std::vector<Posting> postings;
  std::vector<std::shared_ptr<Row>> added;
  std::unordered_multimap<Key, Sequence> added_ids;
  std::map<Sequence, std::shared_ptr<Row>> changed;
  std::vector<std::pair<Sequence, std::string>> texts;
  std::set<Sequence> forgotten;            // changes whose postings leave the runs
  std::function<void(State&)> edit_state;  // replaces segments
  std::map<std::pair<policy::LabelId, policy::LabelId>, bool> may_name;
  std::optional<std::uint64_t> revision;    // the last that a record got; nothing: no piece of work asked
  std::optional<std::uint64_t> next_entry;  // of the audit log, likewise
  bool writing = false;  // the present piece of work has begun to write: if it fails, all of the group does

  /// The row with that number. errors: corrupt when there is none
  Result<std::shared_ptr<const Row>> row(Sequence sequence);
  /// Changes under a key of kind id.
  Result<std::vector<Sequence>> under(Key key);
  /// Takes the next number and instant for a new change.
  void number(const std::shared_ptr<Row>& row, Timestamp now);
  /// Writes the new change with its keys, bytes too where it is the first to have them.
  Done append(const std::shared_ptr<Row>& row, const std::vector<Key>& keys);
  /// Writes a change of flags or content.
  Done update(const std::shared_ptr<Row>& row);
  /// Writes a change of label.
  Done relabel(const std::shared_ptr<Row>& row);
};

/// Merges the waiting pieces of work of many threads into one durable commit.
class Writer {
 public:
  /// Does its checks, calls writing(), then writes. An error before that leaves the others of the group
  /// alone.
  using Work = std::function<Done(Transaction&)>;

  Writer(Core& core, Db db) : core_(core), db_(std::move(db)) {}

  /// Durable on success. errors: of `work`; unavailable: `deadline` passed before it began; of the disk
  Done run(const Work& work, Deadline deadline, bool alone = false);
  /// A statement of the writer's connection, prepared once. Only inside a transaction.
  Result<Statement*> statement(const char* sql);
  Db& db() { return db_; }
  /// All labels that the table holds now came from the file.
  void labels_loaded();

 private:
  /// Where a thread waits for its commit. It outlives the wait, so that whoever calls need hold no lock that
  /// the one who comes would run into.
  struct Bench {
    enum class Call { none, done, lead };
    std::mutex mutex;
    std::condition_variable wake;
    Call call = Call::none;  // under mutex

    static std::shared_ptr<Bench> of_this_thread();
    Call wait();
    void tell(Call what);
  };
  struct Waiting {
    const Work* work;
    Deadline deadline;
    bool alone;
    Done result;
    std::shared_ptr<Bench> bench;
  };
  static constexpr std::size_t group_max = 256;
  static constexpr int gather_turns = 8;  // of all who would run

  void gather(std::unique_lock<std::mutex>& lock);
  std::vector<Waiting*> take_group();
  void lead(const std::vector<Waiting*>& group);
  Done commit(Transaction& transaction);
  Done write_revision(const Transaction& transaction);
  void publish(Transaction& transaction);
  void queue_texts(Transaction& transaction);
  Done write_labels(std::size_t end);
  void fail_all(const std::vector<Waiting*>& group, const Error& error);

  Core& core_;
  Db db_;
  std::map<const char*, std::unique_ptr<Statement>> statements_;
  std::size_t labels_written_ = 0;

  std::mutex mutex_;
  std::list<Waiting*> queue_;
  bool leading_ = false;  // somebody does, or was called to
};

/// Texts of fresh changes on their way to the words index. When they are too many the rest is read from the
/// objects again.
struct TextQueue {
  std::map<Sequence, std::string> texts;
  std::size_t bytes = 0;
  Sequence incomplete_until = 0;  // up to there texts may be missing
};

struct Core {
  Core(Seams given, SqliteOptions chosen, std::string file);
  ~Core();

  Seams seams;
  SqliteOptions options;
  std::string path;
  std::unique_ptr<File> lock;
  SqliteVfs vfs;
  std::unique_ptr<KeyMaker> keys;
  policy::LabelTable labels;
  RowCache cache;
  Guarded<std::shared_ptr<const State>> state_;
  Guarded<std::vector<std::uint32_t>> dropped_segments;  // nobody reads them any more
  Guarded<TextQueue> text_queue;
  Guarded<std::map<std::string, Timestamp, std::less<>>> noted;  // reasons of Scope::everything
  Guarded<std::map<Digest, std::shared_ptr<const policy::Decider>>> deciders;
  std::atomic<std::size_t> text_lag = 0;
  std::atomic<std::size_t> log_frames = 0;  // of the write-ahead log
  RecordCache records;
  std::atomic<std::uint64_t> purges = 0;  // removals; a merge that began before one is done again
  std::atomic<std::uint32_t> next_segment = 1;
  std::mutex tending;                           // one background step at a time
  std::atomic<bool> log_holds_deleted = false;  // the write-ahead log is to be emptied soon
  ReaderPool readers;
  std::unique_ptr<Db> maintenance;  // for checkpoints; under `tending`
  Duration readers_counted{};       // when readers.close_unneeded was called last; under `tending`
  std::unique_ptr<Writer> writer;
  Timestamp last_at{};  // of the last change; the leading writer's alone

  std::shared_ptr<const State> state() const {
    return state_.with([](const auto& state) { return state; });
  }
  std::shared_ptr<const policy::Decider> decider(const policy::Scope& scope);
  /// Writes the reason of a Scope::everything to the audit log.
  Done note_everything(const policy::Scope& scope);
  /// A segment whose pages are deleted some time after the last reader let go of it.
  void watch(Segment& segment);
};

/// All of `batch`, inside a transaction. errors: conflict: a revision is not as expected; nothing was written
Done write_records(Transaction& transaction, std::span<const Write> batch);
/// Appends to the audit log inside a transaction. Gives the index of the first.
Result<std::uint64_t> append_log(Transaction& transaction, std::span<const Bytes> entries, Timestamp at);

// ---- sqlite_references.cpp

/// The changes by which holdings of the object that stand are met, in order. `key` is its key of kind id.
Result<std::vector<std::shared_ptr<const Row>>> standing(Transaction& transaction,
                                                         Key key,
                                                         const model::ObjectId& id);
/// Decision 0002: notes in `row` which references its readers may not follow, their targets being held only
/// under labels narrower than its own, and gives it an alias where something is hidden. `keys` are those of
/// the targets' ids.
Done judge_references(Transaction& transaction,
                      Row& row,
                      std::span<const model::Reference> references,
                      std::span<const Key> keys,
                      Timestamp now);

// ---- sqlite_segments.cpp

/// Writes sorted postings as pages of a new segment, some thousand pages in one commit; nobody sees it until
/// it is listed.
class SegmentSink {
 public:
  explicit SegmentSink(Core& core);
  Done add(const Posting& posting);
  Done add(const Group& group);
  /// Writes what is left; gives the segment, covering `first`..`last`.
  Result<std::shared_ptr<const Segment>> finish(Sequence first, Sequence last);

 private:
  static constexpr std::size_t pages_per_commit = 2048;  // 8 MB: some tens of milliseconds for those who wait
  Done take_page();
  Done flush();

  Core& core_;
  std::shared_ptr<Segment> segment_;
  PageWriter page_;
  std::vector<std::string> waiting_;  // pages not written yet
  std::vector<Key> ids_;
};

/// Lists a finished segment in the table of segments. Inside a transaction.
Done list_segment(Transaction& transaction, const Segment& segment, Family family);
/// Rewrites the pages and tail rows in which the change stands under those keys. Inside a transaction.
Done forget_postings(Transaction& transaction, Sequence sequence, const std::vector<Key>& keys);
/// Merges neighbouring segments of like size where there are many. True when it did.
Result<bool> merge_segments(Core& core, Family family);
/// Deletes some pages of segments that nobody reads. True when it did.
Result<bool> delete_dropped(Core& core);

// ---- sqlite_tend.cpp

/// Some background work; true while there is more.
Result<bool> tend_store(Core& core, Duration budget);
/// What cannot wait for tend_store: a tail or a write-ahead log grown too long. Called after a put, which
/// stands whatever becomes of this: a failure is logged, and tried again by tend_store.
void relieve(Core& core);

/// The object of a row, read again; nothing when its bytes are no object any more.
std::optional<model::Object> object_of(const Row& row);
/// Keys of its words.
std::vector<Key> word_keys(const KeyMaker& maker, std::string_view text);
/// Its text, read again from the bytes.
std::string text_of(const Row& row);

}  // namespace shieldwall::store
