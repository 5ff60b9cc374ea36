#pragma once
// Follows logs that grow, are renamed, copied and emptied, packed, and made anew. Every line that gets its
// end is looked through, and counted once whenever the process ends.
//
// What a log is, is told by its first bytes as well as by device and inode: a copy of a log that was emptied
// behind it (copytruncate) and its packed form go on where the log was.

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/matcher.h"
#include "detect/scan.h"
#include "detect/warning_lists.h"
#include "detect/watch/state.h"
#include "detect/watch/watched_log.h"

namespace shieldwall::detect {

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  /// Told before it is kept: again after a process that ended between the two.
  virtual void hit(const Hit& hit) = 0;
  /// Everything told so far is about to be kept.
  virtual void flush() = 0;
  /// Something about a file is worth telling.
  virtual void problem(const std::string& path, const std::string& what) = 0;
};

/// Makes something of every record that is looked through, and lets it last with the position.
class WatchTap {
 public:
  virtual ~WatchTap() = default;
  /// A record of `log`, whose position is that of the turn's beginning, and the indicators found in it.
  virtual void record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) = 0;
  /// The position of `log` is about to be kept, with what the turn leaves, to which the tap may add: what it
  /// made of the records up to there must last by that or now, or be known again when they come once more
  /// after a process that ended between the two.
  virtual Done keep(const WatchedLog& log, WatchState::Turn& turn) = 0;
  /// The records since the last keep() do not count: the log was written anew meanwhile.
  virtual Done forget(const WatchedLog& log) = 0;
  /// How many lines of `log` lasted with the last keep(), by the tap's own account; 0 where it has none.
  virtual std::uint64_t kept_lines(const WatchedLog&) { return 0; }
  virtual bool has_account() const { return false; }
};

struct WatchTotals {
  std::uint64_t lines = 0, broken_lines = 0, hits = 0, commits = 0;
  std::uint64_t held_back = 0;  // findings that a warning list names
  std::uint64_t unread = 0;     // times that a file was told of as not read, or not to its end
};

/// All outlive the watch.
struct WatchOptions {
  std::vector<WatchTap*> taps = {};
  const WarningLists* warning_lists = nullptr;  // what they name is no hit
};

class Watch {
 public:
  /// `paths` are files (which may not be there yet), folders, and patterns of files in one folder ("*.log").
  /// All must outlive the watch.
  static Result<std::unique_ptr<Watch>> begin(std::vector<std::string> paths,
                                              WatchState& state,
                                              WatchSink& sink,
                                              WatchOptions options = {});
  virtual ~Watch() = default;

  /// Looks through all there is, or until `stop`. True when there was something.
  ///   errors  as WatchState::commit; files that cannot be read are told to the sink
  virtual Result<bool> look(Scanner& scanner, const Matcher& matcher, const std::atomic<bool>& stop) = 0;
  /// Waits until something may have come, `most` at the longest.
  virtual void wait(Duration most) = 0;
  /// The paths at which no log is now.
  virtual std::vector<std::string> without_logs() const { return {}; }
  virtual const WatchTotals& totals() const = 0;
};

/// Findings without those that a warning list names.
class Unlisted {
 public:
  explicit Unlisted(const WarningLists* lists) : lists_(lists) {}
  /// Counts in `totals` what it takes out. Holds until the next call, and as long as `found`.
  const std::vector<Match>& of(const std::vector<Match>& found, WatchTotals& totals);

 private:
  const WarningLists* lists_;
  std::vector<Match> left_;
};

/// The hour in which what was seen at an instant is counted.
Timestamp hour_of(Timestamp at);

/// Adds one event's findings to what a source showed: several fields of one event count once.
void add_hits(const Record& record,
              const std::vector<Match>& matches,
              const Matcher& matcher,
              const std::string& source,
              Timestamp now,
              WatchState::Counts& counts);

}  // namespace shieldwall::detect
