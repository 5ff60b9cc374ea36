#pragma once
// Indicators whose patterns say more than that a value was seen, held against live events: those that a
// Matcher leaves out because they compare otherwise, join by AND, or bind several observations.

#include <map>
#include <memory>
#include <optional>
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
  static IndicatorPatterns of(std::span<const Indicator> indicators,
                              Timestamp now,
                              const PatternSetOptions& options = {});

  /// Those of a matcher's indicators, in its numbers: of a matcher from a file too.
  static IndicatorPatterns of(const Matcher& matcher, Timestamp now, const PatternSetOptions& options = {});

  bool empty() const { return taken_.empty(); }
  std::size_t size() const { return taken_.size(); }
  std::span<const Unused> unused() const { return unused_; }
  /// Does an indicator of that id take part?
  bool takes(std::string_view id) const;
  /// `with(number of the indicator, its pattern)` for each that takes part.
  template <typename With>
  void each(With&& with) const {
    for (const auto& one : taken_) with(one.indicator, one.pattern);
  }
  bool operator==(const IndicatorPatterns& other) const { return taken_ == other.taken_; }

 private:
  friend class PatternProbe;
  friend class PatternBinder;
  struct Taken {
    std::size_t indicator;  // its number
    std::string id, source, pattern;
    Timestamp valid_until;
    bool operator==(const Taken&) const = default;
  };
  static IndicatorPatterns of_those(std::vector<Taken> wanted, const PatternSetOptions& options);

  std::vector<Taken> taken_;                                        // by the numbers of the set
  std::multimap<std::string, std::uint32_t, std::less<>> numbers_;  // by id
  std::vector<Unused> unused_;
  PatternSet set_;
};

/// What a record gives to a pattern of several observations.
struct PatternShare {
  PatternPart part;
  Timestamp happened;
  bool is_known = false;  // the record hits the indicator already, or happened when it was over
};

/// What a pattern of several observations waits with.
struct PatternWait {
  std::string id, pattern;  // of the indicator
  std::vector<PatternWaiting> waiting;
};

/// Looks at records one by one: one thread of several that look through logs.
class PatternProbe {
 public:
  explicit PatternProbe(std::shared_ptr<const IndicatorPatterns> patterns);

  /// Holds until the next call. `matches` and `at` as PatternFollower::feed.
  void test(const Record& record, const std::vector<Match>& matches, Timestamp at);
  const std::vector<std::size_t>& found() const { return found_; }  // indicators that it hits, ascending
  const std::vector<PatternShare>& shares() const { return shares_; }
  std::optional<Timestamp> happened() const { return happened_; }  // when there was something to test

 private:
  std::shared_ptr<const IndicatorPatterns> patterns_;
  PatternTester tester_;
  Observation seen_;
  std::vector<std::size_t> found_;
  std::vector<PatternShare> shares_;
  std::optional<Timestamp> happened_;
};

/// Puts together what probes found: exactly what a PatternFollower finds in the same records in the order in
/// which their shares are taken.
class PatternBinder {
 public:
  explicit PatternBinder(std::shared_ptr<const IndicatorPatterns> patterns);

  /// The indicator that the share completes and that is not known to be hit.
  std::optional<std::size_t> take(const PatternShare& share);
  /// A record without a share happened: what is too old for its pattern by then may be forgotten.
  void pass(Timestamp happened);
  /// Records that were forgotten while a pattern still waited with them, and bindings not looked for.
  std::uint64_t missed() const;

  /// What the patterns wait with of which that changed since the last call.
  std::vector<PatternWait> changed();
  /// Goes on where another waited with the same pattern; false where none of these is that. Before anything
  /// was taken.
  bool resume(PatternWait wait);

 private:
  std::shared_ptr<const IndicatorPatterns> patterns_;
  PatternStream stream_;
};

/// One stream of records, in their order.
class PatternFollower {
 public:
  explicit PatternFollower(const std::shared_ptr<const IndicatorPatterns>& patterns);

  /// The indicators whose patterns `record` completes, ascending; not those that `matches` name already, nor
  /// those that were over when it happened. Holds until the next call.
  ///   at  when it was read: the time of events that tell none
  const std::vector<std::size_t>& feed(const Record& record, const std::vector<Match>& matches, Timestamp at);

  /// As PatternBinder's.
  std::vector<PatternWait> changed() { return binder_.changed(); }
  bool resume(PatternWait wait) { return binder_.resume(std::move(wait)); }

 private:
  PatternProbe probe_;
  PatternBinder binder_;
  std::vector<std::size_t> found_;
};

}  // namespace shieldwall::detect
