#pragma once
// Indicators whose patterns say more than that a value was seen, held against live events: those that a
// Matcher leaves out because they compare otherwise, join by AND, or bind several observations.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "detect/indicator.h"
#include "detect/matcher.h"
#include "detect/pattern/pattern_set.h"

namespace shieldwall::detect {

class IndicatorPatterns {
 public:
  /// Those of `indicators` that are neither revoked nor valid only later. What cannot be evaluated, and what
  /// matches made-up events that nobody can know of, is listed with its reason and takes no part.
  static IndicatorPatterns of(std::span<const Indicator> indicators, Timestamp now);

  bool empty() const { return taken_.empty(); }
  std::size_t size() const { return taken_.size(); }
  std::span<const Unused> unused() const { return unused_; }
  /// Does an indicator of that id take part?
  bool takes(std::string_view id) const;
  bool operator==(const IndicatorPatterns& other) const { return taken_ == other.taken_; }

 private:
  friend class PatternFollower;
  struct Taken {
    std::size_t indicator;  // its number among those given
    std::string id, pattern;
    Timestamp valid_until;
    bool operator==(const Taken&) const = default;
  };
  std::vector<Taken> taken_;                // by the numbers of the set
  std::set<std::string, std::less<>> ids_;  // of these
  std::vector<Unused> unused_;
  PatternSet set_;
};

/// One stream of records, in their order.
class PatternFollower {
 public:
  explicit PatternFollower(std::shared_ptr<const IndicatorPatterns> patterns);

  /// The indicators whose patterns `record` completes, ascending; not those that `matches` name already, nor
  /// those that were over when it happened. Holds until the next call.
  ///   at  when it was read: the time of events that tell none
  const std::vector<std::size_t>& feed(const Record& record, const std::vector<Match>& matches, Timestamp at);

 private:
  std::shared_ptr<const IndicatorPatterns> patterns_;
  PatternStream stream_;
  Observation seen_;
  std::vector<std::size_t> found_;
};

}  // namespace shieldwall::detect
