#pragma once
// What a running process has seen and not made a segment of yet: frames appended to a file of its own, so
// that a crash loses no more than its last second.

#include "detect/past/past.h"

namespace shieldwall::detect::past {

/// A log, or a part of one, and what was seen in it; Entry::source does not count here.
struct Batch {
  Source source = {};
  std::vector<Entry> entries = {};
};

std::string journal_path(const PastFolder& folder, const SegmentId& id);

class Journal {
 public:
  /// A new one, held against every other process until it is closed.
  static Result<Journal> begin(Fs& fs, const PastFolder& folder, Random& random);

  /// Appends; durable after sync().
  Done append(const Batch& batch);
  Done sync();
  const SegmentId& id() const { return id_; }
  /// Its entries are segments now. Durable on return.
  Done remove(Fs& fs, const PastFolder& folder);

 private:
  SegmentId id_{};
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;
};

/// The batches of a journal up to the first frame that is cut or damaged.
struct JournalText {
  std::vector<Batch> batches = {};
  std::uint64_t dropped_bytes = 0;  // behind the last good frame
};
/// errors: invalid: no journal, or made under another key
Result<JournalText> read_journal(std::string_view bytes, std::uint64_t key_check);

/// Every journal in the folder, of running processes too.
struct FoundJournal {
  SegmentId id = {};
  std::string path = {};
};
Result<std::vector<FoundJournal>> journals(Fs& fs, const PastFolder& folder);
inline constexpr std::uint64_t journal_bytes_max = 1ull << 30;

/// Makes segments of journals that nobody holds any more. Returns the bytes dropped from their ends.
Result<std::uint64_t> recover_journals(Fs& fs, const PastFolder& folder, Random& random, Timestamp now);

}  // namespace shieldwall::detect::past
