#pragma once
// SQLite's files through our Fs, so that a test or the simulator sees and decides every I/O call.
//
// One instance serves one store, which one process holds: locks and the index of the write-ahead log live in
// memory. Each page of the database file ends in a checksum over its bytes and its number, written with the
// page and verified on every read, so that a damaged or swapped page is an error and never an answer.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"

namespace shieldwall::store {

inline constexpr int page_bytes = 8192;        // holds five objects of 1.5 kB; measured beside 4096 and 16384
inline constexpr int page_checksum_bytes = 8;  // reserved at the end of each page

struct VfsOptions {
  Clock& clock;
  Random& random;
  Fs& fs;
  std::function<void(std::string_view why)> stop;  // as Seams::stop
  bool skip_sync = false;  // a defect for the tests of the tests: syncs answer without being done
};

class SqliteVfs {
 public:
  explicit SqliteVfs(VfsOptions options);
  ~SqliteVfs();  // after every connection is closed
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;

  const std::string& name() const;
  /// A sync failed: nothing is written any more.
  bool stopped() const;

  /// The last error of Fs on this thread, which says more than SQLite's number; then forgets it.
  static std::optional<Error> take_error();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::store
