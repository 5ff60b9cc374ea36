#include "detect/watch/pattern_tap.h"

#include "base/clock.h"
#include "detect/pattern/named_values.h"
#include "detect/watch/pattern_rows.h"

namespace shieldwall::detect {

Done PatternTap::use(const Matcher& matcher, std::shared_ptr<const IndicatorPatterns> patterns) {
  matcher_ = matcher;
  if (patterns_ && *patterns_ == *patterns) return {};
  patterns_ = std::move(patterns);
  if (lists_ != nullptr) listed_ = listed_patterns(*patterns_, *lists_);
  return begin_anew();
}

Done PatternTap::begin_anew() {
  is_ahead_ = false;
  follower_.reset();
  if (patterns_->empty()) return {};
  follower_.emplace(patterns_);
  return resume(*follower_, state_.records());
}

void PatternTap::record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) {
  if (!follower_) return;
  is_ahead_ = true;
  const auto now = system_clock().now();
  for (const auto number : follower_->feed(record, matches, now)) {
    if (listed_.contains(number)) {
      ++held_back_;
      continue;
    }
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

Done PatternTap::keep(const WatchedLog&, WatchState::Turn& turn) {
  for (const auto& found : waiting_) {
    sink_.hit(found.hit);
    ++turn.counts[{found.source, {found.id, found.hour}}];
  }
  hits_ += waiting_.size();
  waiting_.clear();
  if (follower_)
    for (const auto& wait : follower_->changed()) turn.rows.push_back(write_of(wait));
  is_ahead_ = false;
  return {};
}

/// What the turn's records left waiting goes with them.
Done PatternTap::forget(const WatchedLog&) {
  waiting_.clear();
  return is_ahead_ ? begin_anew() : Done();
}

}  // namespace shieldwall::detect
