#pragma once
// What scan tells its node of what it saw: indicator, hour, count, and a name of the log that stays there, so
// that the same log scanned again counts once.

#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "detect/scan.h"
#include "detect/sightings.h"

namespace shieldwall::cli {

/// How often one indicator was seen within one hour of one log.
struct LogCount {
  detect::SightingCount count;
  std::string source;  // as source_of
};

/// The name under which a log is counted: of what it begins with, unpacked. It stays the same when the log
/// grows, is renamed, moved or packed.
///   errors  as detect::open_unpacked
Result<std::string> source_of(const std::string& path);

/// Folds hits into counts on their way to another sink.
class SightingSink final : public detect::ScanSink {
 public:
  /// `scanned_at` stands for the time of events on standard input that tell none; those of a file count at
  /// the time it was last written.
  SightingSink(const detect::Matcher& matcher, detect::ScanSink& next, Timestamp scanned_at)
      : matcher_(matcher), next_(next), scanned_at_(scanned_at) {}

  void hit(const detect::Hit& hit) override;
  void done(const detect::SourceReport& report) override { next_.done(report); }
  void progress(const detect::Progress& progress) override { next_.progress(progress); }

  /// Of indicators that a node may hold: entries of lists have no STIX id, and no originator to tell.
  std::vector<LogCount> take();

 private:
  detect::Matcher matcher_;
  detect::ScanSink& next_;
  Timestamp scanned_at_;
  std::map<std::string, detect::SightingFolder> folders_;  // by path
};

/// Tells the node in --dir, and on standard error what became of it. errors: as NodeDoor
Done report_to_node(const Arguments& arguments, const std::vector<LogCount>& counts);

}  // namespace shieldwall::cli
