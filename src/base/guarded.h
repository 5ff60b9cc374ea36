#pragma once
// A value that cannot be reached without holding its lock.

#include <mutex>
#include <utility>

namespace shieldwall {

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  /// Runs `action(value)` under the lock and returns what it returns. Keep it short; never wait inside.
  template <typename Action>
  auto with(Action&& action) {
    const std::lock_guard lock(mutex_);
    return std::forward<Action>(action)(value_);
  }
  template <typename Action>
  auto with(Action&& action) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Action>(action)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace shieldwall
