#include "base/executor.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"

namespace shieldwall {

struct ThreadPool::State {
  std::size_t queue_max;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> queue;  // under mutex
  bool stopping = false;                    // under mutex
  std::size_t idle = 0;                     // workers that wait; under mutex
  bool waking = false;                      // one of them was called and has not come yet; under mutex
  std::vector<std::jthread> threads;

  /// True when a worker is to be called, after the lock is let go: there is work, somebody waits, and nobody
  /// is on his way. Whoever comes calls the next, so that short pieces that arrive together are done by the
  /// few workers that are awake, and long ones still get all there are.
  bool calls_one() {
    if (queue.empty() || idle == 0 || waking) return false;
    waking = true;
    return true;
  }

  void work() {
    for (;;) {
      std::unique_lock lock(mutex);
      while (queue.empty() && !stopping) {
        ++idle;
        wake.wait(lock);
        --idle;
        waking = false;
      }
      if (queue.empty()) return;
      const auto next = std::move(queue.front());
      queue.pop_front();
      const bool calls = calls_one();
      lock.unlock();
      if (calls) wake.notify_one();
      run(next);
    }
  }

  /// A handler turns its own failures into answers; what still escapes must not end the process.
  static void run(const std::function<void()>& piece) {
    try {
      piece();
    } catch (const std::exception& exception) {
      log::error("work ended by an exception", {{"what", exception.what()}});
    }
  }
};

ThreadPool::ThreadPool(int threads, std::size_t queue_max) : state_(std::make_unique<State>()) {
  state_->queue_max = queue_max;
  for (int i = 0; i < threads; ++i) state_->threads.emplace_back([this] { state_->work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->threads.clear();
}

bool ThreadPool::post(std::function<void()> work) {
  bool calls = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->queue_max) return false;
    state_->queue.push_back(std::move(work));
    calls = state_->calls_one();
  }
  if (calls) state_->wake.notify_one();
  return true;
}

std::size_t ThreadPool::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace shieldwall
