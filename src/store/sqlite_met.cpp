#include "store/sqlite_met.h"

#include <algorithm>

namespace shieldwall::store {

Meeting::Meeting(const Sight& sight, const PastRights& pasts) : sight_(&sight), pasts_(&pasts) {
  for (const auto& past : pasts) deciders_.push_back(sight.core().decider(past.scope));
}

Timestamp Meeting::of(const Row& row) const {
  return met_at(row, *pasts_, [&](const Rights& past, const Row& met) { return saw(past, met); });
}

bool Meeting::saw(const Rights& past, const Row& row) const {
  const auto& decider = *deciders_[static_cast<std::size_t>(&past - pasts_->data())];
  const auto sees = [&](policy::LabelId label, const policy::LabelColumns& columns, Timestamp at) {
    return decider.may_see(label, columns, at);
  };
  if (!showed(row, sees, sight_->now())) return false;
  return !redaction_of(row, sight_->core().labels, past.scope, sight_->now()).parts ||
         sight_->redaction(row).parts;
}

Result<MetWalk> MetWalk::begin(Sight& sight,
                               const Query& query,
                               const PastRights& pasts,
                               std::optional<Place> from) {
  MetWalk walk(sight, query, Meeting(sight, pasts));
  TRY(walk.lay_out(pasts));
  if (query.added_after) TRY(walk.leave_out_until(*query.added_after));
  if (query.newest_first) std::ranges::reverse(walk.stretches_);
  if (from) TRY(query.newest_first ? walk.resume_backwards(*from) : walk.resume(*from));
  return walk;
}

Done MetWalk::lay_out(const PastRights& pasts) {
  Sequence begins = 1;
  for (const auto& past : pasts) {
    const auto ends = TRY(sight_->first_after(past.until));
    stretches_.push_back({.first = begins, .last = ends - 1});
    stretches_.push_back({.first = 1, .last = ends - 1, .opened = past.until});
    begins = ends;
  }
  stretches_.push_back({.first = begins, .last = sight_->state().last});
  return {};
}

/// What was met at `at` or before goes.
Done MetWalk::leave_out_until(Timestamp at) {
  const auto first = TRY(sight_->first_after(at));
  std::erase_if(stretches_, [&](const Stretch& stretch) { return stretch.opened && *stretch.opened <= at; });
  for (auto& stretch : stretches_)
    if (!stretch.opened) stretch.first = std::max(stretch.first, first);
  return {};
}

/// Where `from` is among what an end of rights opened, in that stretch; else by its instant.
Done MetWalk::resume(const Place& from) {
  const auto inside = std::ranges::find_if(stretches_, [&](const Stretch& stretch) {
    return stretch.opened == from.added && from.sequence <= stretch.last;
  });
  if (inside == stretches_.end()) return leave_out_until(from.added);
  stretches_.erase(stretches_.begin(), inside);
  stretches_.front().first = from.sequence + 1;
  return {};
}

Done MetWalk::resume_backwards(const Place& from) {
  const auto inside = std::ranges::find_if(stretches_, [&](const Stretch& stretch) {
    return stretch.opened == from.added && from.sequence <= stretch.last;
  });
  if (inside != stretches_.end()) {
    stretches_.erase(stretches_.begin(), inside);
    stretches_.front().last = from.sequence - 1;
    return {};
  }
  const auto end = TRY(sight_->first_after(from.added - microseconds(1)));
  std::erase_if(stretches_,
                [&](const Stretch& stretch) { return stretch.opened && *stretch.opened >= from.added; });
  for (auto& stretch : stretches_)
    if (!stretch.opened) stretch.last = std::min(stretch.last, end - 1);
  return {};
}

Result<std::optional<Walk::Found>> MetWalk::next(const Deadline& deadline) {
  while (present_ < stretches_.size()) {
    if (!walk_) walk_.emplace(Walk::through(*sight_, *query_, stretches_[present_], &meeting_));
    auto found = TRY(walk_->next(deadline));
    if (found) return found;
    walk_.reset();
    ++present_;
  }
  return std::optional<Walk::Found>{};
}

}  // namespace shieldwall::store
