#pragma once
// Records read lately, so that what every request asks again - its API key, its circle, its organisation -
// costs the database nothing. It answers what the database would answer: a write takes what it changes out
// before its commit, and what somebody read meanwhile is not kept.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/hash.h"
#include "store/store.h"

namespace shieldwall::store {

/// One scan's question; what answers it is kept whole.
struct ScanKey {
  std::string_view prefix;
  std::string_view after;
  int limit;
};

/// Thread-safe. Asking for a row goes: find; if that gives nothing, begin_read, ask the database, keep.
class RecordCache {
 public:
  using Rows = std::shared_ptr<const std::vector<Record>>;

  /// What the table had gone through before the database was asked.
  struct Ticket {
    std::uint64_t ended = 0;
  };

  /// The row as it stands, an expired one too.
  std::shared_ptr<const Record> find(Table table, std::string_view key);
  Rows find(Table table, const ScanKey& scan);

  Ticket begin_read(Table table);
  /// Keeps what the database answered, unless a write to it began or ended since the ticket was given.
  void keep(Table table, const Record& record, Ticket ticket);
  void keep(Table table, const ScanKey& scan, const std::vector<Record>& rows, Ticket ticket);

  /// While it lives nothing of what the batch writes is found or kept. The batch must outlive it.
  class Writing {
   public:
    Writing(RecordCache& cache, std::span<const Write> batch);
    ~Writing();
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

   private:
    RecordCache& cache_;
    std::span<const Write> batch_;
  };

  /// Drops everything that expires: the database just forgot some of it.
  void forget_expiring();

 private:
  // Whatever asks often asks for the same few hundred rows of some hundred bytes.
  static constexpr std::size_t table_bytes_max = 4u << 20;  // then the table begins anew
  static constexpr std::size_t entry_bytes_max = 64u << 10;

  template <typename T>
  using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  struct Shelf {
    ByText<std::shared_ptr<const Record>> rows;
    ByText<Rows> scans;
    ByText<std::size_t> written;  // keys on their way to the disk, by how many writes
    std::uint64_t ended = 0;      // writes that are over
    std::size_t bytes = 0;        // kept since the table began anew, what was dropped since included

    void make_room(std::size_t more);
  };

  Guarded<Shelf>& shelf(Table table) { return shelves_.at(static_cast<std::size_t>(table)); }

  std::array<Guarded<Shelf>, 256> shelves_;
};

}  // namespace shieldwall::store
