#pragma once
// A query in the order in which a reader whose rights changed met what it gives. Only sqlite_*.cpp include
// this.

#include "store/meeting.h"
#include "store/sqlite_walk.h"

namespace shieldwall::store {

/// The changes between two ends of rights, and behind them those that the end opened: each a stretch of its
/// own, one after the other.
class MetWalk {
 public:
  /// All outlive it.
  static Result<MetWalk> begin(Sight& sight,
                               const Query& query,
                               const PastRights& pasts,
                               std::optional<Place> from);
  /// As Walk::next.
  Result<std::optional<Walk::Found>> next(const Deadline& deadline);

 private:
  MetWalk(Sight& sight, const Query& query, const Meeting& meeting)
      : sight_(&sight), query_(&query), meeting_(meeting) {}

  Done lay_out(const PastRights& pasts);
  Done leave_out_until(Timestamp at);
  Done resume(const Place& from);
  Done resume_backwards(const Place& from);

  Sight* sight_;
  const Query* query_;
  Meeting meeting_;
  std::vector<Stretch> stretches_;
  std::size_t present_ = 0;
  std::optional<Walk> walk_;
};

}  // namespace shieldwall::store
