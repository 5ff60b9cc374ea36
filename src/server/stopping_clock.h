#pragma once
// The clock on which the deadlines of requests are read.

#include <algorithm>
#include <atomic>

#include "base/clock.h"

namespace shieldwall::server {

/// Goes with `clock` until the node has been stopping for a while; then its steady count leaps, so that every
/// deadline given before has passed and whatever asks for it ends. From there on it races, so that deadlines
/// of requests that still come pass at once. One mechanism for "too late" and "enough": a loop that looks at
/// its deadline needs to know nothing of stopping. Thread-safe.
class StoppingClock final : public Clock {
 public:
  explicit StoppingClock(const Clock& clock) : clock_(clock) {}

  Timestamp now() const override { return clock_.now(); }
  Duration steady() const override {
    const auto real = clock_.steady();
    const auto since = real.us - leap_at_us_;
    return since < 0 ? real : Duration{real.us + leap.us + since * race};
  }

  /// Running requests have that long yet.
  void stop_in(Duration grace) { leap_at_us_ = clock_.steady().us + grace.us; }
  /// Of that time; nothing before stop_in.
  Duration left() const { return Duration{std::max<std::int64_t>(0, leap_at_us_ - clock_.steady().us)}; }

 private:
  static constexpr Duration leap = days(30);           // longer than any deadline
  static constexpr std::int64_t race = 1'000'000'000;  // a day passes in less than a tenth of a millisecond

  const Clock& clock_;
  std::atomic<std::int64_t> leap_at_us_{INT64_MAX};
};

}  // namespace shieldwall::server
