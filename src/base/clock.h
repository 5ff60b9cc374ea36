#pragma once
// The seam through which the time comes. Two readings: the wall clock, which people and policy mean and an
// operator may move, and a steady count, which only grows and measures waiting.

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace shieldwall {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  virtual Duration steady() const = 0;  // since an unspecified start
};

Clock& system_clock();

/// A clock that stands until it is moved; for tests and the simulator. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_us_(start.us) {}
  Timestamp now() const override { return {now_us_.load()}; }
  Duration steady() const override { return {steady_us_.load()}; }

  void advance(Duration length) {
    now_us_ += length.us;
    steady_us_ += length.us;
  }
  /// Moves the wall clock alone, as an operator or a faulty battery does; backwards too.
  void set_wall(Timestamp at) { now_us_ = at.us; }

 private:
  std::atomic<std::int64_t> now_us_;
  std::atomic<std::int64_t> steady_us_{0};
};

/// The instant by which a caller wants its answer. Carried by every call that may wait.
class Deadline {
 public:
  static Deadline in(Duration length, const Clock& clock) {
    return Deadline(clock, Duration{clock.steady().us + length.us});
  }
  static Deadline none() { return {}; }

  bool passed() const { return clock_ != nullptr && clock_->steady() >= at_; }
  /// What is left, never negative; a day for `none`.
  Duration left() const {
    if (clock_ == nullptr) return hours(24);
    return Duration{std::max<std::int64_t>(0, at_.us - clock_->steady().us)};
  }

 private:
  Deadline() = default;
  Deadline(const Clock& clock, Duration at) : clock_(&clock), at_(at) {}

  const Clock* clock_ = nullptr;
  Duration at_{};
};

}  // namespace shieldwall
