#pragma once
// Looks through files of events with Sigma rules: whichever reader a file needs, hits in the order of the
// files and their events, correlations over all of them by time.

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/files.h"
#include "detect/sigma/rule_set.h"

namespace shieldwall::detect::sigma {

/// A rule that fired, or a correlation that began to hold, with the event it did so at.
struct SigmaHit {
  std::uint32_t rule = 0;         // in RuleSet::rules()
  std::string source = {};        // the file's path, "-" for standard input
  std::uint64_t line = 0;         // from 1; of EVTX the EventRecordID
  std::optional<Timestamp> time;  // of the event, where it tells
};

struct SigmaReport {
  std::string source = {};
  std::string_view format = "";  // "evtx", "json", or the name of a log format
  std::uint64_t events = 0;
  std::uint64_t broken = 0;  // could not be read and were left out
  std::string problem = {};  // the first of these
  std::string error = {};    // why reading stopped before the end; empty when all was read
};

class SigmaSink {
 public:
  virtual ~SigmaSink() = default;
  virtual void hit(const SigmaHit& hit) = 0;
  virtual void done(const SigmaReport& report) = 0;
};

struct SigmaTotals {
  std::uint64_t files = 0, damaged_files = 0, events = 0, hits = 0;
  std::uint64_t forgotten = 0;  // events that correlations could not keep
  bool stopped = false;
};

/// `stop`, when given and set, ends it soon; what was found until then is told.
SigmaTotals scan_events(const RuleSet& rules,
                        std::span<const InputFile> files,
                        SigmaSink& sink,
                        const std::atomic<bool>* stop = nullptr);

}  // namespace shieldwall::detect::sigma
