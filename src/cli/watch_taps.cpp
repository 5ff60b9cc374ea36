#include "cli/watch_taps.h"

#include "base/clock.h"
#include "cli/sigma.h"

namespace shieldwall::cli {

namespace {

constexpr Duration tidy_every = hours(1);

}  // namespace

Result<std::unique_ptr<WatchTaps>> WatchTaps::begin(const Arguments& arguments,
                                                    detect::WatchSink& sink,
                                                    detect::WatchState& state,
                                                    const detect::WarningLists& lists) {
  auto taps = std::unique_ptr<WatchTaps>(new WatchTaps(arguments, sink, state, lists));
  if (arguments.has("--sigma")) TRY(taps->begin_rules(state));
  if (arguments.has(remember_option.name)) TRY(taps->begin_past());
  return taps;
}

Done WatchTaps::begin_rules(detect::WatchState& state) {
  rules_ = TRY(rules_to_look_for(arguments_));
  printer_ = rule_printer(*rules_, arguments_.has("--json"));
  rule_tap_ = std::make_unique<detect::RuleTap>(*rules_, *printer_);
  return rule_tap_->resume(state.records());
}

Done WatchTaps::begin_past() {
  past_ = TRY(remembering_by(arguments_));
  past_tap_ = std::make_unique<detect::PastTap>(*past_.recorder);
  tidied_at_ = system_clock().steady();
  return {};
}

std::vector<detect::WatchTap*> WatchTaps::all() {
  std::vector<detect::WatchTap*> taps{&pattern_tap_};
  if (rule_tap_) taps.push_back(rule_tap_.get());
  if (past_tap_) taps.push_back(past_tap_.get());
  return taps;
}

Done WatchTaps::tidy() {
  const auto now = system_clock().steady();
  if (!past_.recorder || now.us - tidied_at_.us < tidy_every.us) return {};
  tidied_at_ = now;
  return past_.recorder->close(past_.retention);
}

Done WatchTaps::close() {
  return cli::close(past_);
}

}  // namespace shieldwall::cli
