#pragma once
// A folder that remembers: what was seen in every log that was looked through, without the logs themselves.
// docs/formats/past.md has the bytes.
//
//   key               16 random bytes: observables are hashed under it, so that the folder alone tells nobody
//   PERIOD-ID.hot     hashes in order, with their days; PERIOD-ID.cold: in which log, when, how often
//   ID.journal        what a running process has not made a segment of yet
//   merge.lock        held by whoever joins segments
//   retention         how long it is kept, where somebody said so

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/guarded.h"
#include "base/random.h"
#include "detect/packed/literal_hash.h"
#include "detect/past/retention.h"
#include "detect/past/segment.h"

namespace shieldwall::detect::past {

class PastFolder {
 public:
  /// Makes the folder and its key where there is none.
  ///   errors  denied, exhausted, unavailable: the disk; corrupt: its key has another size
  static Result<PastFolder> make(Fs& fs, Random& random, const std::string& path);
  /// errors: not_found: no past is kept there; else as make
  static Result<PastFolder> open(Fs& fs, const std::string& path);

  const std::string& path() const { return path_; }
  std::uint64_t key_check() const { return key_check_; }
  std::uint64_t hash(LiteralKind kind, std::string_view key) const {
    return literal_hash(key_, kind, key) >> (64 - hash_bits);
  }

 private:
  PastFolder(std::string path, const HashKey& key);
  std::string path_;
  HashKey key_;
  std::uint64_t key_check_;
};

/// The segments that count: none that another has replaced.
struct Segments {
  struct Named {
    std::string name;
    Segment segment;
  };
  std::vector<Named> all = {};           // by period
  std::vector<Error> refused = {};       // damaged ones, by name; the others count
  std::vector<SegmentId> replaced = {};  // also journals that became segments
};
Result<Segments> load_segments(Fs& fs, const PastFolder& folder);

/// Removes what is too old or too much: whole segments, by the last day in them. Returns how many.
Result<std::size_t> apply(Fs& fs, const PastFolder& folder, const Retention& retention, Timestamp now);

/// Joins segments of a period once there are merged_at_once of about the same size, so that few remain to be
/// asked; leaves it when another process is at it. Returns how many were joined.
Result<std::size_t> merge_segments(Fs& fs, const PastFolder& folder, Random& random, Timestamp now);
inline constexpr std::size_t merged_at_once = 8;

/// Writes entries as segments, one a period, which replace `replaces`. `sources` are numbered by the entries.
/// Periods in `but` are left out.
Done write_segments(Fs& fs,
                    const PastFolder& folder,
                    std::vector<Entry> entries,
                    const std::vector<Source>& sources,
                    const SegmentId& replaces,
                    const std::vector<std::uint32_t>& but,
                    Random& random,
                    Timestamp now);

SegmentId new_id(Random& random);

}  // namespace shieldwall::detect::past
