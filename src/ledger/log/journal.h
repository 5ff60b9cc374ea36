#pragma once
// The log's write-ahead journal: entries are durable once they stand here, in one write and one sync a batch.
// Its bytes: docs/formats/log.md.
//
// Frames are chained by hash from the journal's head on: what a power cut left half written, or an older
// frame that a shorter one overwrote, does not continue the chain and is not read.

#include <memory>
#include <string>
#include <vector>

#include "base/fs.h"
#include "ledger/log/merkle.h"

namespace shieldwall::ledger {

inline constexpr std::size_t frame_bytes_max = 32u << 20;

/// An entry, and what stays here: the opening of its commitment.
struct NewEntry {
  Bytes entry;
  Bytes opening{};  // empty: none
};

class Journal {
 public:
  /// From where on the tiles do not hold the log yet.
  struct Base {
    std::uint64_t size = 0;
    Digest root = empty_root();
  };
  struct Read {
    Base base;
    std::vector<NewEntry> entries;
  };

  /// A new file, durable with its name.
  static Result<Journal> create(Fs& fs, const std::string& folder, std::uint64_t number, const Base& base);
  /// What is whole of it.
  ///   errors  corrupt: its head is not whole: it was never used
  static Result<Read> read(Fs& fs, const std::string& folder, std::uint64_t number);
  /// The numbers of all there are, ascending.
  static Result<std::vector<std::uint64_t>> list(Fs& fs, const std::string& folder);
  static std::string path(const std::string& folder, std::uint64_t number);

  /// Writes one frame behind the last that succeeded. errors: exhausted, unavailable: nothing was added
  Done write(std::span<const NewEntry* const> entries);
  /// errors: what the disk holds is unknown: the journal may not be used any more
  Done sync() { return file_->sync(); }
  std::uint64_t bytes() const { return end_; }
  std::uint64_t number() const { return number_; }

 private:
  Journal() = default;

  std::unique_ptr<File> file_;
  std::uint64_t number_ = 0;
  std::uint64_t end_ = 0;
  Digest chain_;
};

}  // namespace shieldwall::ledger
