#include "detect/watch/rule_tap.h"

#include <algorithm>

#include "base/clock.h"

namespace shieldwall::detect {

RuleTap::RuleTap(sigma::RuleSet rules, sigma::SigmaSink& sink)
    : rules_(rules),
      scanner_(rules),
      correlator_(std::move(rules)),
      counted_(correlator_, rules_),
      sink_(sink) {}

Done RuleTap::resume(store::Records& records) {
  newest_ = TRY(counted_.resume(correlator_, records));
  return {};
}

void RuleTap::record(const Record& record, const std::vector<Match>&, const WatchedLog& log) {
  renamed_ = record;
  names_.apply(renamed_);
  const auto fired = scanner_.scan(renamed_);
  if (fired.empty()) return;
  const auto time = event_time(renamed_);
  for (const auto rule : fired) {
    const Found found{.hit = {.rule = rule, .source = log.path(), .line = log.place_of(record), .time = time},
                      .source = log.source()};
    if (rules_.reports(rule)) waiting_.push_back(found);
    if (!correlator_.wants(rule)) continue;
    observed_.push_back(
        correlator_.observe(rule, renamed_, time.value_or(system_clock().now()), places_.size()));
    places_.push_back(found);
  }
}

void RuleTap::tell(const Found& found, WatchState::Counts& counts) {
  const auto& [hit, source] = found;
  sink_.hit(hit);
  ++hits_;
  const auto key = "sigma:" + std::string(rules_.rules()[hit.rule].key());
  ++counts[{source, {key, hour_of(hit.time.value_or(system_clock().now()))}}];
}

Done RuleTap::keep(const WatchedLog& log, WatchState::Turn& turn) {
  for (const auto& found : waiting_) tell(found, turn.counts);
  std::ranges::stable_sort(observed_, {}, &sigma::Observation::at);
  for (auto& observation : observed_) {
    newest_ = observation.at = std::max(newest_, observation.at);
    for (const auto& found : correlator_.take(observation)) {
      if (!rules_.reports(found.rule)) continue;
      auto began = places_[found.place];
      began.hit.rule = found.rule;
      tell(began, turn.counts);
    }
  }
  std::ranges::move(counted_.add(observed_), std::back_inserter(turn.rows));
  return forget(log);
}

Done RuleTap::forget(const WatchedLog&) {
  waiting_.clear();
  observed_.clear();
  places_.clear();
  return {};
}

}  // namespace shieldwall::detect
