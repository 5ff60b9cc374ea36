#include "detect/watch/rule_tap.h"

#include <algorithm>

#include "base/clock.h"
#include "detect/watch/tail.h"

namespace shieldwall::detect {

RuleTap::RuleTap(sigma::RuleSet rules, sigma::SigmaSink& sink)
    : rules_(rules), scanner_(rules), correlator_(std::move(rules)), sink_(sink) {}

void RuleTap::record(const Record& record, const Tail& log) {
  renamed_ = record;
  names_.apply(renamed_);
  const auto fired = scanner_.scan(renamed_);
  if (fired.empty()) return;
  const auto time = event_time(renamed_);
  for (const auto rule : fired) {
    const sigma::SigmaHit hit{.rule = rule, .source = log.position().path, .line = record.line, .time = time};
    if (rules_.reports(rule)) waiting_.push_back(hit);
    if (!correlator_.wants(rule)) continue;
    observed_.push_back(
        correlator_.observe(rule, renamed_, time.value_or(system_clock().now()), places_.size()));
    places_.push_back(hit);
  }
}

void RuleTap::tell(const sigma::SigmaHit& hit, const std::string& source, WatchState::Counts& counts) {
  sink_.hit(hit);
  ++hits_;
  const auto key = "sigma:" + std::string(rules_.rules()[hit.rule].key());
  ++counts[{source, {key, hour_of(hit.time.value_or(system_clock().now()))}}];
}

Done RuleTap::keep(const Tail& log, WatchState::Counts& counts) {
  const auto& source = log.position().source;
  for (const auto& hit : waiting_) tell(hit, source, counts);
  std::ranges::stable_sort(observed_, {}, &sigma::Observation::at);
  for (auto& observation : observed_) {
    newest_ = observation.at = std::max(newest_, observation.at);
    for (const auto& found : correlator_.take(observation)) {
      if (!rules_.reports(found.rule)) continue;
      auto hit = places_[found.place];
      hit.rule = found.rule;
      tell(hit, source, counts);
    }
  }
  forget(log);
  return {};
}

void RuleTap::forget(const Tail&) {
  waiting_.clear();
  observed_.clear();
  places_.clear();
}

}  // namespace shieldwall::detect
