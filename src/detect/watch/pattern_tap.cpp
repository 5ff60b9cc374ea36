#include "detect/watch/pattern_tap.h"

#include "base/clock.h"

namespace shieldwall::detect {

void PatternTap::use(const Matcher& matcher, std::shared_ptr<const IndicatorPatterns> patterns) {
  matcher_ = matcher;
  if (patterns_ && *patterns_ == *patterns) return;
  patterns_ = std::move(patterns);
  follower_.reset();
  if (!patterns_->empty()) follower_.emplace(patterns_);
}

void PatternTap::record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) {
  if (!follower_) return;
  const auto now = system_clock().now();
  for (const auto number : follower_->feed(record, matches, now)) {
    const auto indicator = matcher_->indicator(number);
    const auto time = event_time(record);
    Hit hit{.source = log.path(),
            .line = log.place_of(record),
            .time = time,
            .field = "pattern",
            .value = indicator.pattern,
            .indicator = number};
    waiting_.push_back({std::move(hit), log.source(), indicator.id, hour_of(time.value_or(now))});
  }
}

Done PatternTap::keep(const WatchedLog& log, WatchState::Counts& counts) {
  for (const auto& found : waiting_) {
    sink_.hit(found.hit);
    ++counts[{found.source, {found.id, found.hour}}];
  }
  hits_ += waiting_.size();
  forget(log);
  return {};
}

void PatternTap::forget(const WatchedLog&) {
  waiting_.clear();
}

}  // namespace shieldwall::detect
