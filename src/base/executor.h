#pragma once
// The seam through which work reaches a thread, so that a simulation can run it one piece at a time in an
// order a seed fixes.

#include <functional>
#include <memory>

#include "base/time.h"

namespace shieldwall {

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `work` soon, on some thread. False when the queue is full: the caller says "busy", it never waits.
  [[nodiscard]] virtual bool post(std::function<void()> work) = 0;
};

/// A bounded pool: `threads` workers, at most `queue_max` pieces waiting. The destructor finishes what was
/// taken.
class ThreadPool final : public Executor {
 public:
  ThreadPool(int threads, std::size_t queue_max);
  ~ThreadPool() override;
  bool post(std::function<void()> work) override;
  std::size_t waiting() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall
