#include "detect/scan_patterns.h"

#include <algorithm>

#include "detect/pattern/named_values.h"

namespace shieldwall::detect {

ScanPatterns::ScanPatterns(const Matcher& matcher, const ScanOptions& options, bool as_they_come)
    : matcher_(matcher), as_they_come_(as_they_come), ordered_max_(options.patterns_ordered_max) {
  if (!options.patterns) return;
  binder_.emplace(options.patterns);
  if (options.warning_lists != nullptr) listed_ = listed_patterns(*options.patterns, *options.warning_lists);
}

void ScanPatterns::add(const std::string& source, std::vector<PlacedShare> shares, ScanSink& sink) {
  if (shares.empty()) return;
  if (sources_.empty() || sources_.back() != source) sources_.push_back(source);
  for (auto& placed : shares) places_.push_back({std::move(placed), sources_.size() - 1});
  if (as_they_come_ || places_.size() >= ordered_max_) finish(sink);
}

void ScanPatterns::finish(ScanSink& sink) {
  // Of one instant by the names of the files: the order in which they were named decides nothing.
  if (!as_they_come_)
    std::ranges::stable_sort(places_, [&](const Place& a, const Place& b) {
      if (a.placed.share.happened != b.placed.share.happened)
        return a.placed.share.happened < b.placed.share.happened;
      return sources_[a.source] < sources_[b.source];
    });
  for (const auto& place : places_) take(place, sink);
  places_.clear();
  if (sources_.size() > 1) sources_.erase(sources_.begin(), sources_.end() - 1);
}

void ScanPatterns::take(const Place& place, ScanSink& sink) {
  const auto indicator = binder_->take(place.placed.share);
  if (!indicator) return;
  if (const auto list = listed_.find(*indicator); list != listed_.end()) {
    ++held_back_[list->second];
    return;
  }
  ++hits_;
  sink.hit(
      hit_of_pattern(matcher_, *indicator, sources_[place.source], place.placed.line, place.placed.time));
}

Hit hit_of_pattern(const Matcher& matcher,
                   std::size_t indicator,
                   const std::string& source,
                   std::uint64_t line,
                   std::optional<Timestamp> time) {
  return {.source = source,
          .line = line,
          .time = time,
          .field = "pattern",
          .value = matcher.indicator(indicator).pattern,
          .indicator = indicator};
}

}  // namespace shieldwall::detect
