#pragma once
// Rows of the table of changes: in and out of SQLite, and a cache of those read or written last.

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "store/row.h"
#include "store/sqlite_db.h"

namespace shieldwall::store {

/// Writes a new row. The statement is sql::insert_event.
Done insert_row(Statement& statement, const Row& row);
/// Writes what an amendment changes. The statement is sql::relabel_event.
Done rewrite_label(Statement& statement, const Row& row);
/// The `flags` column of a row.
std::int64_t flags_of(const Row& row);
inline constexpr std::int64_t flag_gone = 4;
inline constexpr std::int64_t flag_has_text = 8;

/// Reads the row that sql::read_events gave, bytes verified against their digest.
///   errors  corrupt, naming the change and the object
Result<std::shared_ptr<const Row>> read_row(const Statement& statement);

/// Rows by sequence, the least used forgotten first. Thread-safe.
class RowCache {
 public:
  explicit RowCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / shards) {}

  std::shared_ptr<const Row> get(Sequence sequence);
  /// Keeps a row that was read when `commit` was the last: not if any row has changed since, for it may be
  /// this.
  void put(const std::shared_ptr<const Row>& row, std::uint64_t commit);
  /// These rows changed with `commit`.
  void forget(const std::vector<Sequence>& changed, std::uint64_t commit);

 private:
  static constexpr std::size_t shards = 16;
  static constexpr std::size_t rows_per_chunk = 64;  // neighbours are read together and forgotten together

  struct Chunk {
    std::array<std::shared_ptr<const Row>, rows_per_chunk> rows;
    std::size_t bytes = 0;
    std::uint64_t used = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Sequence, Chunk> chunks;
    std::size_t bytes = 0;
    std::uint64_t uses = 0;
    std::uint64_t changed = 0;  // commit that last changed a row
  };

  Shard& shard_of(Sequence sequence) { return shards_[sequence / rows_per_chunk % shards]; }
  void shrink(Shard& shard);

  std::size_t shard_bytes_max_;
  std::array<Shard, shards> shards_;
};

}  // namespace shieldwall::store
