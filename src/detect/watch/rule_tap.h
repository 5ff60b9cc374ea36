#pragma once
// Sigma rules on what a watch looks through.

#include <map>
#include <string>
#include <vector>

#include "detect/sigma/correlator.h"
#include "detect/sigma/events.h"
#include "detect/sigma/rule_set.h"
#include "detect/sigma/windows_names.h"
#include "detect/watch/correlation_rows.h"
#include "detect/watch/watch.h"

namespace shieldwall::detect {

/// Hits are told when their position is about to be kept, and counted with it, under "sigma:" and the rule's
/// key. Correlations see what came, in the order of the turns, before a restart too (correlation_rows.h): an
/// event older than the one before it stands at that one's time.
class RuleTap final : public WatchTap {
 public:
  /// `sink` outlives the tap; its done() is never called.
  RuleTap(sigma::RuleSet rules, sigma::SigmaSink& sink);
  /// Goes on with what correlations counted when the last watch ended; before anything is recorded.
  ///   errors  as Records; corrupt
  Done resume(store::Records& records);

  void record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) override;
  Done keep(const WatchedLog& log, WatchState::Turn& turn) override;
  Done forget(const WatchedLog& log) override;

  std::uint64_t hits() const { return hits_; }

 private:
  /// A hit, and what it counts under.
  struct Found {
    sigma::SigmaHit hit;
    std::string source;
  };
  void tell(const Found& found, WatchState::Counts& counts);

  sigma::RuleSet rules_;
  sigma::Scanner scanner_;
  sigma::Correlator correlator_;
  CorrelationRows counted_;
  sigma::WindowsNames names_;
  sigma::SigmaSink& sink_;
  Record renamed_;
  std::vector<Found> waiting_;                // of the turn
  std::vector<sigma::Observation> observed_;  // of the turn; `place` is one of these:
  std::vector<Found> places_;
  Timestamp newest_{};
  std::uint64_t hits_ = 0;
};

}  // namespace shieldwall::detect
