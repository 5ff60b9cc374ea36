#pragma once
// What scan prints, and what it tells its node; for scan.cpp.

#include <chrono>
#include <map>
#include <vector>

#include "cli/command.h"
#include "cli/matcher.h"
#include "cli/scan_sightings.h"
#include "detect/scan.h"

namespace shieldwall::cli {

/// Prints hits as they come, as a table or as JSON, and what is worth telling about the files.
class ScanPrinter final : public detect::ScanSink {
 public:
  ScanPrinter(const Wanted& wanted, bool as_json);

  void hit(const detect::Hit& hit) override;
  void done(const detect::SourceReport& report) override;
  void progress(const detect::Progress& progress) override;

  /// The totals per indicator and of all files; not for JSON.
  void totals(const detect::ScanTotals& totals);

 private:
  struct Total {
    std::uint64_t hits = 0;
    std::optional<Timestamp> first, last;
  };

  void clear_progress();

  Wanted wanted_;
  bool as_json_;
  bool is_terminal_;
  bool progress_shown_ = false;
  bool header_shown_ = false;
  bool hits_wait_ = false;  // in the buffer of standard output
  std::chrono::steady_clock::time_point started_;
  std::map<std::size_t, Total> totals_;
};

}  // namespace shieldwall::cli
