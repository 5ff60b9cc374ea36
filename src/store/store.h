#pragma once
// What a node keeps. Five small interfaces; every implementation passes store_contract_test.
//
//   Objects   versions, holdings and their labels; reads take a Scope
//   Records   typed rows: accounts, sessions, circles, jobs, quotas, deliveries
//   Blobs     bytes named by their digest
//   Settings  what an operator sets
//   Log       append-only entries: audit, and later the ledger
//
// One sequencer gives every accepted change a number, dense in commit order. What returned is durable: a put
// that answered survives a power cut, a put that failed left nothing. A failed sync ends the process.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/ids.h"
#include "base/random.h"
#include "model/object.h"
#include "policy/released.h"
#include "policy/scope.h"

namespace shieldwall::store {

using Sequence = std::uint64_t;  // never leaves the node

// ---------------------------------------------------------------- Objects

struct NewHolding {
  model::Object object;
  std::string text;  // searchable_text of the object; empty to leave it out of full text
  policy::Source source;
  std::optional<CircleId> collection;
  policy::Label label;
  std::vector<policy::GranularLabel> parts;  // wire::parts_of the object under `label`
};

enum class PutStatus : std::uint8_t {
  stored,     // a new holding
  duplicate,  // the same content from the same source in the same collection under the same label: success,
              // no new arrival time
  conflict,   // the same version with other content from the same source: the first is kept
};

struct PutOutcome {
  PutStatus status;
  Timestamp added;  // of the holding that stands now
};

enum class VersionSelect : std::uint8_t { last, first, all };

/// What to find. Every part that is set narrows; inside a list any one matches. Order is by added time,
/// oldest first
/// (`newest_first` turns it), ties by arrival.
struct Query {
  std::vector<model::ObjectId> ids;
  std::vector<std::string> types;
  std::vector<model::SpecVersion> spec_versions;  // empty: of each object the newest that the rest allows
  VersionSelect select =
      VersionSelect::last;               // TAXII 2.1 section 3.4: of those the scope sees in the collection
  std::vector<Timestamp> versions;       // exact versions instead of `select`
  std::vector<CircleId> collections;     // empty: all the scope sees
  std::optional<Timestamp> added_after;  // exclusive
  std::vector<model::ObjectId> created_by;
  std::vector<std::string> labels;  // the STIX property `labels`
  std::vector<std::pair<std::string, std::string>>
      external_references;  // source name (empty: any), external id
  std::vector<model::CanonicalValue> values;
  std::vector<model::ObjectId> refers_to;  // any reference names one of these
  std::vector<policy::Source> sources;
  std::string words;  // all of these words, case-folded; full text
  bool newest_first = false;
};

/// A place in a result, sealed by the caller before it leaves. Stands for (added time, arrival) of the last
/// row given.
struct Place {
  Timestamp added;
  Sequence sequence = 0;
};

struct Page {
  std::vector<policy::Holding> holdings;
  std::optional<Place> next;  // set when there is more
};

enum class ChangeKind : std::uint8_t {
  added = 1,      // a new holding
  opened = 2,     // a holding became visible to more: embargo passed, label amended, rights widened
  withdrawn = 3,  // a holding is no longer visible to some; told only to those who could see it
  deleted = 4,    // a tombstone
};

struct Change {
  Sequence sequence;
  ChangeKind kind;
  Timestamp at;
  policy::Holding holding;  // of a deleted one without bytes
};

struct Changes {
  std::vector<Change> changes;  // those that the scope may see, in order
  Sequence last;                // ask again after this
};

/// Versions in which an object is held, for TAXII 2.1 section 5.8.
struct VersionEntry {
  model::Version version;
  Timestamp added;
  model::SpecVersion spec_version;
};

/// A holding that stands, and the label it comes under.
struct Amendment {
  model::ObjectId id;
  model::Version version;
  model::SpecVersion spec_version = model::SpecVersion::v2_1;
  policy::Source source;
  std::optional<CircleId> collection;
  policy::Label before;  // the label it is under; with the above, it names the holding
  policy::Label label;
  std::vector<policy::GranularLabel> parts;  // wire::parts_of the object under `label`
};

class Objects {
 public:
  virtual ~Objects() = default;

  /// Puts all of `batch` in one durable step, each object judged on its own: outcomes in the order of the
  /// batch. A version that comes again under another label is a holding of its own (decision 0006): who sees
  /// it only under the new label meets it now; who sees it under both has it where they met it first.
  ///   added times  strictly increasing over the store, one or more microseconds apart
  ///   errors       exhausted: disk full; unavailable: `deadline` passed before the step began. Then nothing
  ///   was stored
  virtual Result<std::vector<PutOutcome>> put(std::span<const NewHolding> batch, Deadline deadline) = 0;

  /// Brings each holding under another label, all in one durable step: `withdrawn` tells those who could see
  /// it and may no longer, `opened` those who may and could not. Who sees it before and after keeps it where
  /// they met it. Bytes that come again from the same source under a label it was under are a duplicate.
  ///   errors  not_found: no such holding under `before`, and nothing was amended; exhausted: disk full
  virtual Done amend(std::span<const Amendment> batch) = 0;

  /// Holdings that `query` selects and `scope` sees, at most `limit` (1..10,000) or about `bytes_max` of
  /// them, from `from` on. Each version of an object is given once, in the holding that its reader may see
  /// best: own source first, then the earliest.
  ///   errors  unavailable: `deadline` passed
  virtual Result<Page> find(const policy::Scope& scope,
                            const Query& query,
                            std::optional<Place> from,
                            int limit,
                            std::size_t bytes_max,
                            Deadline deadline) = 0;

  /// The last version of it that `scope` sees. errors: not_found
  virtual Result<policy::Holding> get(const policy::Scope& scope, const model::ObjectId& id) = 0;

  /// All versions that `scope` sees, oldest first; in one collection or all.
  virtual Result<std::vector<VersionEntry>> versions(const policy::Scope& scope,
                                                     const model::ObjectId& id,
                                                     std::optional<CircleId> collection) = 0;

  /// How many holdings `query` selects, counted up to `most`.
  virtual Result<std::size_t> count(const policy::Scope& scope, const Query& query, std::size_t most) = 0;

  /// Deletes what `query` selects (a TAXII DELETE or an owner's wish); leaves tombstones in the feed. Returns
  /// how many.
  virtual Result<std::size_t> remove(const policy::Scope& scope, const Query& query) = 0;

  /// Changes after `after` in order, at most `limit` looked at; what the scope may not see is left out.
  virtual Result<Changes> changes(const policy::Scope& scope, Sequence after, int limit) = 0;

  /// The number of the newest change, hidden ones too; 0 before the first. Costs nothing to ask.
  virtual Sequence newest() const = 0;

  /// Appends `opened` and `withdrawn` for every holding whose embargo passed or end came since it last ran.
  /// Called by the node's scheduler; returns the instant of the next such event.
  virtual Result<Timestamp> advance(Timestamp now) = 0;

  /// How far the full text is: number of holdings not yet searchable by words.
  virtual std::size_t text_lag() const = 0;
  /// Works on what may be done later (full text, merging of index segments) for about that long. True while
  /// there is more.
  virtual Result<bool> tend(Duration budget) = 0;
};

// ---------------------------------------------------------------- Records

/// A family of rows; stored as a number, append only.
enum class Table : std::uint8_t {
  organisation = 1,
  account = 2,
  api_key = 3,
  session = 4,
  circle = 5,
  roster = 6,
  job = 7,
  token = 8,
  taxii_status = 9,
  delivery = 10,
  sighting_count = 11,
  cursor = 12,
  api_root = 13,
  quota = 14,
};

struct Record {
  std::string key;
  Bytes value;
  std::uint64_t revision = 0;  // grows with each write of the key; 0 means absent
  Timestamp expires = Timestamp::never();
};

/// One write of a batch. `expected` makes it conditional: the revision the row must have now (0: must be
/// absent).
struct Write {
  Table table;
  std::string key;
  std::optional<Bytes> value;  // nothing: delete
  std::optional<std::uint64_t> expected;
  Timestamp expires = Timestamp::never();
};

class Records {
 public:
  virtual ~Records() = default;
  /// All writes or none, durable on return. errors: conflict when a revision is not as expected
  virtual Done write(std::span<const Write> batch) = 0;
  /// errors: not_found, also for an expired row
  virtual Result<Record> read(Table table, std::string_view key) = 0;
  /// Rows whose key starts with `prefix`, in key order, after `after` (exclusive), unexpired.
  virtual Result<std::vector<Record>> scan(Table table,
                                           std::string_view prefix,
                                           std::string_view after,
                                           int limit) = 0;
  /// Deletes expired rows, some at a time. True while there is more.
  virtual Result<bool> expire(Timestamp now) = 0;
};

// ---------------------------------------------------------------- Blobs, Settings, Log

class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual Result<Digest> put(std::string_view bytes) = 0;
  virtual Result<Bytes> get(const Digest& digest) = 0;  // errors: not_found, corrupt
  virtual Done remove(const Digest& digest) = 0;
};

class Settings {
 public:
  virtual ~Settings() = default;
  virtual Result<std::optional<std::string>> get(std::string_view name) = 0;
  virtual Done set(std::string_view name, std::string_view value) = 0;
};

struct LogEntry {
  std::uint64_t index;  // from 0, dense
  Timestamp at;
  Bytes entry;
};

class Log {
 public:
  virtual ~Log() = default;
  /// Appends in order, durable on return; gives the index of the first.
  virtual Result<std::uint64_t> append(std::span<const Bytes> entries) = 0;
  virtual Result<std::vector<LogEntry>> read(std::uint64_t from, int limit) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

// ---------------------------------------------------------------- the whole

class Store {
 public:
  virtual ~Store() = default;
  virtual Objects& objects() = 0;
  virtual Records& records() = 0;
  virtual Blobs& blobs() = 0;
  virtual Settings& settings() = 0;
  virtual Log& audit() = 0;

  /// A consistent copy while writes go on.
  virtual Done backup(const std::string& path) = 0;
  /// Everything that does not verify, named: which object, which part. Empty when all is well.
  virtual Result<std::vector<std::string>> check() = 0;
};

struct Seams {
  Clock& clock;
  Random& random;
  Fs& fs;
  /// Called when a sync failed, and expected not to return: what the disk holds is unknown, and a second sync
  /// can lie. Empty: logs and aborts. Where a test's own does return, the store does no further I/O.
  std::function<void(std::string_view why)> stop = {};
};

/// Opens or creates the store in a folder, with the exclusive lock.
///   errors  conflict: another process holds it; denied, exhausted, unavailable: the folder; corrupt: not a
///   store of
///           ours, or a schema version newer than this program knows (it says both)
Result<std::unique_ptr<Store>> open_sqlite(const std::string& folder, Seams seams);

/// A store in memory under the same contract, for tests and the simulator. `inject` is asked before every
/// durable step and may return an error, which the step then answers with, unchanged.
Result<std::unique_ptr<Store>> open_memory(Seams seams,
                                           std::function<Done(std::string_view step)> inject = {});

}  // namespace shieldwall::store
