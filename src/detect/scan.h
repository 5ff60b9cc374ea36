#pragma once
// Looks through whole logs: files side by side on all cores, findings in the order of the files and their
// lines.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/files.h"
#include "detect/matcher.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

class WarningLists;
class IndicatorPatterns;

struct Hit {
  std::string source;             // the file's path, "-" for standard input
  std::uint64_t line = 0;         // from 1, of the unpacked text
  std::optional<Timestamp> time;  // of the event, where it tells
  std::string field;              // empty in running text
  std::string value;              // as seen, in canonical form
  std::size_t indicator = 0;      // its number in the matcher
};

/// What became of one file.
struct SourceReport {
  std::string source;
  LogFormat format = LogFormat::text;
  ReadingCounts counts;
  std::vector<Problem> problems;
  std::map<std::string, std::uint64_t> held_back = {};  // as ScanTotals
  std::string error;  // why reading stopped before the end; empty when all was read
};

struct Progress {
  std::uint64_t bytes_read = 0;   // as the files lie there, packed
  std::uint64_t bytes_total = 0;  // 0 when not known
};

/// Told from the thread that called scan_files, in a fixed order: the hits of a file by line, then its
/// report; after the last report the hits of patterns of several observations, which may lie in several
/// files, by the time of the event that completed them.
class ScanSink {
 public:
  virtual ~ScanSink() = default;
  virtual void hit(const Hit& hit) = 0;
  virtual void done(const SourceReport& report) = 0;
  virtual void progress(const Progress&) {}  // a few times a second
};

/// Follows every record of one log, on the thread that reads it.
class RecordTap {
 public:
  virtual ~RecordTap() = default;
  /// `read` counts up to this record and with it.
  virtual void record(const Record& record, const ReadingCounts& read) = 0;
  /// The log is at its end, or cannot be read further.
  virtual void finish(const ReadingCounts& read) = 0;
};

/// Makes the taps; asked from several threads.
class RecordTaps {
 public:
  virtual ~RecordTaps() = default;
  virtual std::unique_ptr<RecordTap> open(const std::string& path) = 0;
};

struct ScanOptions {
  FreeText free_text = FreeText::whole;
  int threads = 0;                       // 0: as many as cores
  std::uint64_t part_bytes = 32u << 20;  // larger logs are read in parts of this size, side by side
  bool sieve = true;  // false: every line goes to the full parser, as tests and figures compare
  const WarningLists* warning_lists = nullptr;  // what they name is no hit, nor a pattern of that alone
  const std::atomic<bool>* stop = nullptr;      // set: end soon; what was found until then is told
  RecordTaps* taps = nullptr;                   // given: all records pass by them too
  /// Given: held against all records too. They are of the matcher's indicators, in their numbers.
  std::shared_ptr<const IndicatorPatterns> patterns = {};
  /// How many records with a share in patterns of several observations are put in order at once: about 150
  /// MB. With more, those so far are bound, and what comes later is bound to them where its pattern still
  /// waits.
  std::size_t patterns_ordered_max = 1'000'000;
  Timestamp now = {};  // with patterns: stands for the time of events that tell none
};

struct ScanTotals {
  ReadingCounts counts;
  std::uint64_t files = 0;
  std::uint64_t damaged_files = 0;  // with an error
  std::uint64_t hits = 0;
  std::map<std::string, std::uint64_t> held_back = {};  // by warning list: what would have been hits
  /// Records that patterns of several observations could not wait with any longer, and searches given up.
  std::uint64_t patterns_missed = 0;
  bool stopped = false;
};

ScanTotals scan_files(const Matcher& matcher,
                      std::span<const InputFile> files,
                      const ScanOptions& options,
                      ScanSink& sink);

}  // namespace shieldwall::detect
