#include "detect/watch/past_tap.h"

#include "detect/watch/tail.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t logs_max = 4096;  // known at once: as many as a watch holds open

}  // namespace

static_assert(head_bytes_max == past::head_of_log_bytes);

PastTap::Known& PastTap::known(const Tail& log) {
  const auto& position = log.position();
  const auto found = logs_.find(position.id);
  if (found != logs_.end()) return found->second;
  if (logs_.size() >= logs_max) logs_.clear();  // nothing waits in them between two turns
  auto& made = logs_[position.id];
  made.head = log.head();
  made.log = recorder_.follow(made.head, position.line);
  return made;
}

void PastTap::record(const Record& record, const Tail& log) {
  known(log).log->record(record);
}

Done PastTap::keep(const Tail& log, WatchState::Counts&) {
  auto& one = known(log);
  const auto& position = log.position();
  if (one.head.size() < head_bytes_max) one.head = log.head();
  return one.log->keep(
      {.path = position.path, .head = one.head, .lines = position.line, .bytes = position.offset});
}

void PastTap::forget(const Tail& log) {
  logs_.erase(log.position().id);
}

}  // namespace shieldwall::detect
