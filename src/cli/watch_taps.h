#pragma once
// What `watch` does beside looking for values: patterns that say more, --sigma and --remember.

#include <memory>
#include <optional>
#include <vector>

#include "cli/command.h"
#include "cli/remember.h"
#include "detect/sigma/rule_set.h"
#include "detect/watch/past_tap.h"
#include "detect/watch/pattern_tap.h"
#include "detect/watch/rule_tap.h"

namespace shieldwall::cli {

class WatchTaps {
 public:
  /// errors  as the rules' files and the folder
  static Result<std::unique_ptr<WatchTaps>> begin(const Arguments& arguments,
                                                  detect::WatchSink& sink,
                                                  detect::WatchState& state,
                                                  const detect::WarningLists& lists);

  /// The indicators that are in force from now on. errors: as PatternTap::use
  Done use(const detect::Matcher& matcher, std::shared_ptr<const detect::IndicatorPatterns> patterns) {
    return pattern_tap_.use(matcher, std::move(patterns));
  }

  std::vector<detect::WatchTap*> all();
  std::uint64_t hits() const { return pattern_tap_.hits() + (rule_tap_ ? rule_tap_->hits() : 0); }
  std::uint64_t held_back() const { return pattern_tap_.held_back(); }

  /// Makes segments of what is remembered, once an hour. errors: as Recorder::close
  Done tidy();
  /// The same at the end, and tells what was kept.
  Done close();

 private:
  WatchTaps(const Arguments& arguments,
            detect::WatchSink& sink,
            detect::WatchState& state,
            const detect::WarningLists& lists)
      : arguments_(arguments), pattern_tap_(sink, state, &lists) {}
  Done begin_rules(detect::WatchState& state);
  Done begin_past();

  const Arguments& arguments_;
  detect::PatternTap pattern_tap_;
  std::optional<detect::sigma::RuleSet> rules_;
  std::unique_ptr<detect::sigma::SigmaSink> printer_;
  std::unique_ptr<detect::RuleTap> rule_tap_;
  Remembering past_;
  std::unique_ptr<detect::PastTap> past_tap_;
  Duration tidied_at_{};
};

}  // namespace shieldwall::cli
