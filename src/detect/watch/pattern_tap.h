#pragma once
// Patterns that say more than that a value was seen, on what a watch looks through.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detect/pattern/indicator_patterns.h"
#include "detect/watch/watch.h"

namespace shieldwall::detect {

/// Hits are told when their position is about to be kept, and count with it as those of values do. Patterns
/// of several observations bind what was looked through in its order; what they wait with is kept with the
/// position, so that neither a restart nor other indicators come between.
class PatternTap final : public WatchTap {
 public:
  /// All outlive the tap.
  ///   lists  a pattern of nothing but what they name is no hit; nothing: no lists
  PatternTap(WatchSink& sink, WatchState& state, const WarningLists* lists = nullptr)
      : sink_(sink), state_(state), lists_(lists) {}

  /// From now on those of `matcher`. errors: as Records; corrupt
  Done use(const Matcher& matcher, std::shared_ptr<const IndicatorPatterns> patterns);

  void record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) override;
  Done keep(const WatchedLog& log, WatchState::Turn& turn) override;
  Done forget(const WatchedLog& log) override;

  std::uint64_t hits() const { return hits_; }
  std::uint64_t held_back() const { return held_back_; }

 private:
  struct Found {
    Hit hit;
    std::string source, id;
    Timestamp hour;
  };

  Done begin_anew();

  WatchSink& sink_;
  WatchState& state_;
  const WarningLists* lists_;
  std::map<std::size_t, std::string> listed_;  // by the numbers of the indicators
  std::optional<Matcher> matcher_;
  std::shared_ptr<const IndicatorPatterns> patterns_;
  std::optional<PatternFollower> follower_;
  std::vector<Found> waiting_;  // of the turn
  bool is_ahead_ = false;       // of what is kept: the turn's records were followed
  std::uint64_t hits_ = 0, held_back_ = 0;
};

}  // namespace shieldwall::detect
