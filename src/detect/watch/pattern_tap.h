#pragma once
// Patterns that say more than that a value was seen, on what a watch looks through.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detect/pattern/indicator_patterns.h"
#include "detect/watch/watch.h"

namespace shieldwall::detect {

/// Hits are told when their position is about to be kept, and count with it as those of values do. Patterns
/// of several observations bind what came since the tap was made, or the indicators changed, in the order in
/// which it was looked through.
class PatternTap final : public WatchTap {
 public:
  /// `sink` outlives the tap.
  explicit PatternTap(WatchSink& sink) : sink_(sink) {}

  /// From now on those of `matcher`; what waits is kept where they are the same.
  void use(const Matcher& matcher, std::shared_ptr<const IndicatorPatterns> patterns);

  void record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) override;
  Done keep(const WatchedLog& log, WatchState::Counts& counts) override;
  void forget(const WatchedLog& log) override;

  std::uint64_t hits() const { return hits_; }

 private:
  struct Found {
    Hit hit;
    std::string source, id;
    Timestamp hour;
  };

  WatchSink& sink_;
  std::optional<Matcher> matcher_;
  std::shared_ptr<const IndicatorPatterns> patterns_;
  std::optional<PatternFollower> follower_;
  std::vector<Found> waiting_;  // of the turn
  std::uint64_t hits_ = 0;
};

}  // namespace shieldwall::detect
