#pragma once
// Writes one segment of the past: entries of one period, in order, streamed into a hot and a cold file.

#include <memory>
#include <string>
#include <vector>

#include "base/fs.h"
#include "detect/past/entry.h"
#include "detect/past/hot_block.h"

namespace shieldwall::detect::past {

struct SegmentPlan {
  std::uint32_t period = 0;
  SegmentId id = {};
  std::uint64_t key_check = 0;
  std::uint64_t raw_bytes = 0;
  Timestamp written = {};
  std::vector<SegmentId> replaces = {};  // segments whose entries are all in this one
};

/// "00619-0123...": without its ending; the period comes first so that names sort by time.
std::string segment_name(std::uint32_t period, const SegmentId& id);

class SegmentWriter {
 public:
  /// Writes beside its names, with ".new" behind them, until finish().
  static Result<SegmentWriter> begin(Fs& fs, const std::string& folder, SegmentPlan plan);

  /// In the order of Entry::place(), none twice; all of the plan's period. errors: as Fs
  Done add(const Entry& entry);

  /// Durable on return, and only then there under its name. errors: as Fs
  Done finish(const std::vector<Source>& sources);
  std::uint64_t bytes() const { return hot_.size + cold_.size; }

 private:
  struct Out {
    std::unique_ptr<File> file;
    std::uint64_t size = 0;
    std::string waiting = {};
    Done flush(bool all);
    Done write(std::string_view bytes);
  };
  SegmentWriter() = default;
  Done pack(bool all);
  Done finish_cold(const std::vector<Source>& sources);
  Done finish_hot();

  Fs* fs_ = nullptr;
  std::string path_;
  SegmentPlan plan_;
  Out hot_, cold_;
  std::vector<HotEntry> waiting_;  // not in a block yet
  std::vector<std::string> rows_;  // of those
  std::vector<DirectoryEntry> directory_;
  std::uint64_t entries_ = 0;
  std::uint32_t first_slice_ = UINT32_MAX, last_slice_ = 0;
};

}  // namespace shieldwall::detect::past
