#pragma once
// What a watch remembers: how far it has looked through each source, and what it counted there. Both are
// written in one transaction, so that a line is counted once whenever the process ends.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/store.h"

namespace shieldwall::detect {

/// A followed file: one log from its first line on, whatever it is called meanwhile. A file that was emptied
/// and written anew is another.
struct FilePosition {
  std::string id = {};    // random, of this log
  std::string path = {};  // where it was last seen
  std::uint64_t device = 0, inode = 0;
  std::uint64_t head_bytes = 0;  // `head` is the digest of this many first bytes; grows to head_bytes_max
  std::string head = {};
  std::uint64_t offset = 0;        // everything before it was looked through
  std::uint64_t line = 0;          // lines before it
  std::string header = {};         // lines that say how those behind them are to be read, with their ends
  bool passing_over = false;       // the rest of a line that is too long
  std::uint64_t packed_bytes = 0;  // of a packed file that was looked through to its end: its size
  std::string source = {};         // under which counts of this log are kept and told
  Timestamp seen = {};             // when it was last there
};
inline constexpr std::size_t head_bytes_max = 4096;  // more than the head of a table, which many logs share

/// How often an indicator was seen within one hour of one source.
struct WatchCount {
  std::string source;
  std::string indicator;
  Timestamp hour;
  std::uint64_t count = 0;
  std::uint64_t told = 0;  // of these, to the node
};

class WatchState {
 public:
  using Key = std::pair<std::string, std::pair<std::string, Timestamp>>;  // source, indicator, hour
  using Counts = std::map<Key, std::uint64_t>;

  /// What a turn leaves beside its position.
  struct Turn {
    Counts counts;                   // added to those kept
    std::vector<store::Write> rows;  // of those who made something of its records
  };

  /// In a folder of its own, held against every other watch.
  ///   errors  conflict: another watch holds it; else as store::open_sqlite
  static Result<WatchState> open(const std::string& folder);
  explicit WatchState(std::unique_ptr<store::Store> store) : store_(std::move(store)) {}

  Result<std::vector<FilePosition>> files();
  /// Positions and what was made of all up to them, all or nothing, durable on return.
  Done commit(std::span<const FilePosition> files, const Turn& turn = {});
  /// The last listing of logs of which every file was read; nothing before the first watch.
  Result<std::optional<Timestamp>> listed();
  Done listed_at(Timestamp at);
  /// Lets the positions of logs go that were not there since `before`.
  Done forget_files(Timestamp before);

  Result<std::vector<WatchCount>> counts();
  /// Notes that the node knows these counts.
  Done told(std::span<const WatchCount> counts);

  store::Records& records() { return store_->records(); }

 private:
  std::unique_ptr<store::Store> store_;
};

}  // namespace shieldwall::detect
