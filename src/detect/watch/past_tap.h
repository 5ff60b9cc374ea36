#pragma once
// What a watch looks through is remembered, as `scan --remember` does.

#include <map>
#include <memory>
#include <string>

#include "detect/past/recorder.h"
#include "detect/watch/watch.h"

namespace shieldwall::detect {

/// The past is kept before the position is. A process that ends between the two knows it again by the log's
/// head; of logs shorter than that, a line may then be counted twice in the past, never lost.
class PastTap final : public WatchTap {
 public:
  /// `recorder` outlives the tap.
  explicit PastTap(past::Recorder& recorder) : recorder_(recorder) {}

  void record(const Record& record, const std::vector<Match>& matches, const WatchedLog& log) override;
  Done keep(const WatchedLog& log, WatchState::Turn& turn) override;
  Done forget(const WatchedLog& log) override;
  std::uint64_t kept_lines(const WatchedLog& log) override;
  bool has_account() const override { return true; }

 private:
  struct Known {
    std::unique_ptr<past::FollowedLog> log;
    std::string head;
  };
  Known& known(const WatchedLog& log);

  past::Recorder& recorder_;
  std::map<std::string, Known> logs_;  // by WatchedLog::id
};

}  // namespace shieldwall::detect
