#pragma once
// Remembers what scans look through.
//
//   auto recorder = Recorder::begin(fs, random, clock, folder, retention);
//   auto log = (*recorder)->log("/var/log/dns.log", written_at);   // one a log, each by one thread
//   log->add(record, counts); ... log->finish();
//   (*recorder)->close();

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "detect/past/journal.h"
#include "detect/readers/reader.h"
#include "detect/scan.h"

namespace shieldwall::detect::past {

struct RecorderTotals {
  std::uint64_t logs = 0;
  std::uint64_t known_logs = 0;  // nothing new in them: remembered before
  std::uint64_t lines = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t recovered_dropped_bytes = 0;  // torn ends of journals that a crash left
  std::uint64_t forgotten = 0;                // segments that were too old, or too much
};

/// How far a log that is followed was looked through, and what it is called now.
struct FollowedTo {
  std::string path = {};
  std::string head = {};               // its first bytes, unpacked, at most head_of_log_bytes
  std::uint64_t lines = 0, bytes = 0;  // unpacked
};

/// A log that is followed while it grows. Its turns are kept one by one.
class FollowedLog {
 public:
  virtual ~FollowedLog() = default;
  virtual void record(const Record& record) = 0;
  /// Lines that are remembered: records of these are passed over.
  virtual std::uint64_t lines() const = 0;
  /// What came since is durable on return. errors: as Fs
  virtual Done keep(const FollowedTo& to) = 0;
  /// What came since does not count.
  virtual void forget() = 0;
};

class Recorder final : public RecordTaps {
 public:
  /// Takes over what a crashed process left.  errors: as the folder
  static Result<std::unique_ptr<Recorder>> begin(
      Fs& fs, Random& random, const Clock& clock, PastFolder folder, FreeText free_text = FreeText::whole);
  ~Recorder() override;

  /// What follows one log. Lines that are remembered already are passed over; `-` (standard input) is taken
  /// whole, as it cannot be told whether it came before. May be called from several threads.
  std::unique_ptr<RecordTap> open(const std::string& path) override;

  /// A log that begins with `head` and is followed from behind its line `lines` on. Lines behind that which
  /// are remembered already, from a process that ended before it said so elsewhere, are passed over when
  /// `head` is whole; the recorder outlives it.
  std::unique_ptr<FollowedLog> follow(std::string_view head, std::uint64_t lines);

  /// What was told so far survives a power cut. errors: as Fs
  Done commit();
  /// Makes segments of all, joins small ones, and forgets what `retention` says; may go on afterwards.
  /// errors: as Fs
  Done close(const Retention& retention);
  RecorderTotals totals() const;

 private:
  class Log;
  class Followed;
  struct State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What tells a log from others: of its beginning, unpacked. errors: as open_unpacked
Result<std::string> head_of(const std::string& path);
inline constexpr std::size_t head_of_log_bytes = 4096;
/// Does a log that begins with `head` go on from `source`, under whatever name?
bool goes_on(const PastFolder& folder, const Source& source, std::string_view head);
std::uint64_t hash_of_head(const PastFolder& folder, std::string_view head);

}  // namespace shieldwall::detect::past
