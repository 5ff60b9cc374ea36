#pragma once
// What work on another thread gives once it is done.

#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace shieldwall {

/// Has `run` run `work`, some time and once, and gives what it returns. Nothing of the work itself is kept
/// any longer: the future of a std::packaged_task keeps it, so that a chain of pieces, each of which waits
/// for the one before, would hold all that they ever held.
template <typename Work>
std::future<std::invoke_result_t<Work&>> eventually(const std::function<void(std::function<void()>)>& run,
                                                    Work work) {
  struct Task {
    Work work;
    std::promise<std::invoke_result_t<Work&>> result{};
  };
  auto task = std::make_shared<Task>(Task{.work = std::move(work)});
  auto result = task->result.get_future();
  run([task = std::move(task)] { task->result.set_value(task->work()); });
  return result;
}

}  // namespace shieldwall
