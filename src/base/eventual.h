#pragma once
// What work on another thread gives once it is done.

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace shieldwall {

/// Has `run` run `work`, some time and once, and gives what it returns, which is not void. Nothing of the
/// work itself is kept then: the future of a std::packaged_task keeps it, so that a chain of pieces, each of
/// which waits for the one before, would hold all that they ever held.
template <typename Work>
std::future<std::invoke_result_t<Work&>> eventually(const std::function<void(std::function<void()>)>& run,
                                                    Work work) {
  struct Task {
    std::optional<Work> work;
    std::promise<std::invoke_result_t<Work&>> result{};
  };
  auto task = std::make_shared<Task>(Task{.work = std::move(work)});
  auto result = task->result.get_future();
  run([task = std::move(task)] {
    try {
      auto made = (*task->work)();
      task->work.reset();
      task->result.set_value(std::move(made));
    } catch (...) {
      task->result.set_exception(std::current_exception());
    }
  });
  return result;
}

}  // namespace shieldwall
