#include "detect/watch/past_tap.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t logs_max = 4096;  // known at once: as many as a watch holds open

}  // namespace

static_assert(head_bytes_max == past::head_of_log_bytes);

PastTap::Known& PastTap::known(const WatchedLog& log) {
  const auto found = logs_.find(log.id());
  if (found != logs_.end()) return found->second;
  if (logs_.size() >= logs_max) logs_.clear();  // nothing waits in them between two turns
  auto& made = logs_[log.id()];
  made.head = log.head();
  made.log = recorder_.follow(made.head, log.lines());
  return made;
}

void PastTap::record(const Record& record, const std::vector<Match>&, const WatchedLog& log) {
  known(log).log->record(record);
}

Done PastTap::keep(const WatchedLog& log, WatchState::Turn&) {
  auto& one = known(log);
  if (one.head.size() < head_bytes_max) one.head = log.head();
  return one.log->keep({.path = log.path(), .head = one.head, .lines = log.lines(), .bytes = log.bytes()});
}

Done PastTap::forget(const WatchedLog& log) {
  logs_.erase(log.id());
  return {};
}

std::uint64_t PastTap::kept_lines(const WatchedLog& log) {
  return known(log).log->lines();
}

}  // namespace shieldwall::detect
