#pragma once
// Hits that correlations of Sigma rules still count, as rows that are kept with a watch's position
// (docs/formats/watch.md): a watch that starts again counts on where it was.

#include <deque>

#include "detect/sigma/correlator.h"
#include "store/store.h"

namespace shieldwall::detect {

/// What one turn's events gave a correlator to take, in that order.
struct ObservedTurn {
  Digest form{};                                 // correlation_form of the rules under which it was observed
  std::vector<sigma::Observation> observations;  // `rule` counts within Correlator::rules(); no `place`
};

/// Of the rules that correlations are about and the fields they look at: rows of another form tell nothing.
Digest correlation_form(const sigma::Correlator& correlator, const sigma::RuleSet& rules);

/// The rows of one watch. As many events are kept as the correlator keeps, and of a time thrice its longest
/// timespan: from what is younger than that, every window is built again as it was, and those of correlations
/// about correlations are.
class CorrelationRows {
 public:
  CorrelationRows(const sigma::Correlator& correlator, const sigma::RuleSet& rules);

  /// Gives `correlator`, which took nothing yet, what is kept, and deletes what is of other rules.
  ///   gives   the newest event's time
  ///   errors  as Records; corrupt: not a row of `add`
  Result<Timestamp> resume(sigma::Correlator& correlator, store::Records& records);

  /// The rows to write with the turn that took these; none for an empty one.
  std::vector<store::Write> add(const std::vector<sigma::Observation>& observed);

 private:
  struct Kept {
    std::uint64_t number = 0;
    Timestamp newest;
    std::size_t events = 0;
  };

  Digest form_;
  std::vector<std::uint32_t> rules_;  // ascending
  Duration span_;
  std::deque<Kept> kept_;  // by number
  std::size_t events_ = 0;
  std::uint64_t next_ = 0;
};

/// The form is refused unless it is the one that CorrelationRows gives. errors: invalid
Result<ObservedTurn> decode_observed_turn(std::string_view value);

}  // namespace shieldwall::detect
