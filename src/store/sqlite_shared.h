#pragma once
// What the connections to one file share: SQLite's file locks and the shared memory of its write-ahead log,
// both in the heap, since one process holds the store. Only sqlite_vfs.cpp includes this.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace shieldwall::store {

/// The locks of one file, https://sqlite.org/lockingv3.html: any number SHARED, one RESERVED, one EXCLUSIVE.
/// Levels are SQLite's own: 0 none, 1 shared, 2 reserved, 3 pending, 4 exclusive. Not thread-safe by itself.
class FileLocks {
 public:
  /// Raises `held` to `wanted` or answers false: somebody is in the way.
  bool raise(int& held, int wanted);
  void lower(int& held, int wanted);
  bool reserved() const { return reserved_; }

 private:
  int shared_ = 0;  // holders of SHARED or more
  bool reserved_ = false;
  bool pending_ = false;
  bool exclusive_ = false;
};

/// Shared memory with eight locks, https://sqlite.org/walformat.html section 2.3. Not thread-safe by itself.
class SharedIndex {
 public:
  static constexpr int slots = 8;

  /// Region `number`, made of zeros when absent and `extend`; null when absent otherwise.
  void* region(std::size_t number, std::size_t bytes, bool extend);
  /// `mine` has a bit for each slot that this connection holds.
  bool lock(std::uint8_t& mine_shared, std::uint8_t& mine_exclusive, int first, int count, bool exclusive);
  void unlock(std::uint8_t& mine_shared, std::uint8_t& mine_exclusive, int first, int count);
  void forget_regions() { regions_.clear(); }

 private:
  std::vector<std::unique_ptr<char[]>> regions_;
  std::array<int, slots> shared_{};
  std::array<bool, slots> exclusive_{};
};

struct SharedFile {
  std::mutex mutex;
  FileLocks locks;
  SharedIndex index;
  int index_users = 0;
};

}  // namespace shieldwall::store
