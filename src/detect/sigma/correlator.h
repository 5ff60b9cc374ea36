#pragma once
// Correlations of rules over time (Sigma correlation rules specification 2.0): counts of events or of values,
// and rules that hold near each other, in one group of events and one span of time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "detect/sigma/rule_set.h"

namespace shieldwall::detect::sigma {

/// A hit of a rule that correlations are about, with what they need of its event.
struct Observation {
  std::uint32_t rule = 0;  // in RuleSet::rules()
  Timestamp at;
  std::uint64_t place = 0;               // given back with what it leads to
  std::vector<std::string> values = {};  // of Correlator::fields(); of an absent one empty
};
/// Of a longer value its SHA-256 stands, for they are only asked whether they are equal.
inline constexpr std::size_t observed_value_bytes_max = 256;

/// A correlation that began to hold with an event, or one in turn about correlations.
struct Correlated {
  std::uint32_t rule = 0;
  std::uint64_t place = 0;  // of the event it began with
  Timestamp at;
};

/// How much a Correlator remembers. Beyond, what is oldest is forgotten and counted: a flood cannot take all
/// memory.
inline constexpr std::size_t correlation_events_max = 2'000'000;

class Correlator {
 public:
  explicit Correlator(RuleSet rules);
  ~Correlator();

  /// True when a correlation is about the rule, so that its hits have to be observed.
  bool wants(std::uint32_t rule) const;
  /// The rules of which it is true and that are about events, ascending; the fields that are looked at; and
  /// the longest timespan of a correlation.
  const std::vector<std::uint32_t>& rules() const;
  const std::vector<std::string>& fields() const;
  Duration longest_timespan() const;

  /// An observation of `rule` in the event.
  Observation observe(std::uint32_t rule, const Record& event, Timestamp at, std::uint64_t place) const;

  /// Takes the next observation, none older than those before; gives the correlations that begin to hold: one
  /// that held after its group's event before is told again only after an event with which it does not, or
  /// after a whole timespan without any.
  const std::vector<Correlated>& take(const Observation& observation);

  std::uint64_t forgotten() const;  // events let go although still within a timespan

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect::sigma
