#pragma once
// What a worker of a scan found, on its way to the thread that tells; for scan.cpp.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "detect/scan_patterns.h"

namespace shieldwall::detect {

/// Of some records of one log, in their order.
struct Findings {
  std::vector<Hit> hits;
  std::vector<PlacedShare> shares;
  std::size_t size() const { return hits.size() + shares.size(); }
};

/// Those of one file, or of a part of one.
class ScanLane {
 public:
  static constexpr std::size_t findings_each = 1024;  // handed over at once

  /// Waits while full.
  void push(Findings findings) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() < batches_max; });
    batches_.push_back(std::move(findings));
    changed_.notify_all();
  }

  void finish(SourceReport report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
    changed_.notify_all();
  }

  /// The next ones; none when nothing came for `most`; nothing when the file is done and all was taken.
  std::optional<Findings> pop(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [&] { return !batches_.empty() || report_; });
    if (batches_.empty()) return report_ ? std::nullopt : std::optional(Findings());
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

  SourceReport report() {
    const std::lock_guard lock(mutex_);
    return std::move(*report_);
  }

 private:
  static constexpr std::size_t batches_max = 64;  // waiting to be told; the worker waits then

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Findings> batches_;
  std::optional<SourceReport> report_;
};

}  // namespace shieldwall::detect
