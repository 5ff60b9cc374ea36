#pragma once
// The matcher in force: replaced and changed while scanners run.

#include <atomic>

#include "base/guarded.h"
#include "detect/matcher.h"

namespace shieldwall::detect {

class LiveMatcher {
 public:
  explicit LiveMatcher(Matcher matcher) : writers_(matcher), in_force_(std::move(matcher)) {}

  Matcher now() const {
    return in_force_.with([](const Matcher& matcher) { return matcher; });
  }
  /// Differs from an earlier answer when the matcher may have been replaced since: cheap enough for every
  /// record.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  void replace(Matcher matcher) {
    writers_.with([&](Matcher& last) { put(last = std::move(matcher)); });
  }
  /// As changed(). Those that read wait for the exchange of a pointer, not for this.
  void change(MatcherChange change, Timestamp at) {
    writers_.with([&](Matcher& last) { put(last = changed(last, std::move(change), at)); });
  }

 private:
  void put(const Matcher& matcher) {
    in_force_.with([&](Matcher& in_force) { in_force = matcher; });
    version_.fetch_add(1, std::memory_order_release);
  }

  Guarded<Matcher> writers_;  // its lock is held while a change is worked out
  Guarded<Matcher> in_force_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace shieldwall::detect
