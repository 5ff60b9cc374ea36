#pragma once
// Thousands of patterns against a stream of observations. A PatternSet holds what all threads share: patterns
// made ready, and an index from the values that they compare with = or IN to the brackets that ask for them,
// so that an observation meets only the brackets it may satisfy. A PatternStream is one thread's view: it
// keeps the observations that a pattern of several brackets still waits with, and forgets them in time.
//
//   const auto set = PatternSet::compile(sources, {});
//   PatternStream stream(set);
//   for (const auto& hit : stream.feed(observation)) report(set.source(hit.pattern).id, ...);
//
// Where several threads look at observations, each has a PatternTester, and one stream takes what they found.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "detect/pattern/bind.h"
#include "detect/pattern/observation.h"

namespace shieldwall::detect {

struct PatternSource {
  std::string id;       // of the indicator
  std::string pattern;  // STIX 2.1, or the spelling of 2.0
};

/// A pattern that takes no part.
struct PatternRefused {
  std::size_t pattern;  // position among the sources
  std::string reason;
};

struct PatternSetOptions {
  Duration window = hours(1);      // how long a pattern without WITHIN waits for its other observations
  std::size_t waiting_max = 1024;  // observations that one pattern waits with; the oldest makes room
};

struct PatternTables;

class PatternSet {
 public:
  /// What cannot be used is listed with its reason, never an error: the others run.
  static PatternSet compile(std::vector<PatternSource> sources, const PatternSetOptions& options = {});

  const PatternSource& source(std::size_t pattern) const;
  std::size_t size() const;  // patterns, the refused included
  std::span<const PatternRefused> refused() const;
  std::size_t indexed() const;  // brackets that the index leads to by value
  std::size_t scanned() const;  // brackets that each observation with their path or type meets

 private:
  friend class PatternStream;
  friend class PatternTester;
  std::shared_ptr<const PatternTables> tables_;
};

/// What an observation gives to a pattern.
struct PatternPart {
  std::uint32_t pattern;
  std::vector<std::uint32_t> leaves;  // of its tree, that are satisfied, ascending; none: it is matched
};

/// Which patterns an observation has a part in, whatever came before it.
class PatternTester {
 public:
  explicit PatternTester(PatternSet set);
  ~PatternTester();
  PatternTester(PatternTester&&) noexcept;

  /// By the numbers of the patterns. Holds until the next call.
  const std::vector<PatternPart>& test(const Observation& observation);

  std::uint64_t brackets() const;   // tested so far
  std::uint64_t undecided() const;  // damaged values compared

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A pattern is matched by the observation that was fed, together with those that waited.
struct PatternHit {
  std::size_t pattern;
  std::vector<std::uint64_t>
      bound;  // numbers of the observations, in the order in which they were fed, resumed ones before; from 0
};

/// What a stream could not do, since it began.
struct PatternStreamCounts {
  std::uint64_t observations = 0;
  std::uint64_t brackets = 0;    // tested
  std::uint64_t undecided = 0;   // damaged values compared
  std::uint64_t overflowed = 0;  // observations that made room for newer ones before their time
  std::uint64_t late = 0;        // older than what their pattern still waits with
  std::uint64_t unsearched = 0;  // bindings that were not looked for to the end (bind_steps_max)
};

/// An observation that a pattern of several waits with.
struct PatternWaiting {
  BindObservation when;
  std::vector<std::uint32_t> leaves;  // of its tree, that are satisfied, ascending
};

class PatternStream {
 public:
  explicit PatternStream(PatternSet set);
  ~PatternStream();
  PatternStream(PatternStream&&) noexcept;

  /// The patterns that `observation` completes, ascending. Each observation that a hit binds is used up for
  /// that pattern: the next hit needs others. Holds until the next call.
  ///   When observations come in the order of first_observed, a pattern gets its first hit with the first at
  ///   which match_pattern over all so far would match, as long as its window and waiting_max hold them.
  const std::vector<PatternHit>& feed(const Observation& observation);
  /// The same of an observation at `when` that has been tested.
  const std::vector<PatternHit>& take(const BindObservation& when, std::span<const PatternPart> parts);

  const PatternStreamCounts& counts() const;
  std::size_t waiting() const;  // observations kept, over all patterns

  /// The patterns of which what waits changed since the last call, ascending.
  std::vector<std::uint32_t> changed();
  /// In the order of feeding.
  std::vector<PatternWaiting> waiting(std::uint32_t pattern) const;
  /// Goes on with what another stream waited with for the same pattern. Before anything was fed.
  ///   errors  invalid: it is of another pattern
  Done resume(std::uint32_t pattern, std::vector<PatternWaiting> waited);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect
