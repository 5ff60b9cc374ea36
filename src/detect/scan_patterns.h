#pragma once
// Patterns of several observations over whole logs: what the workers of a scan found is put into the order of
// time over all files before it is bound, so that neither threads nor the order of files decide what hits.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "detect/pattern/indicator_patterns.h"
#include "detect/scan.h"

namespace shieldwall::detect {

/// What a record of a log gives to a pattern.
struct PlacedShare {
  PatternShare share;
  std::uint64_t line = 0;
  std::optional<Timestamp> time;  // of the event, where it tells
};

/// Indicators whose hits are held back, and the warning list that says so.
using ListedPatterns = std::map<std::size_t, std::string>;

class ScanPatterns {
 public:
  /// `as_they_come`: records are bound in the order in which they are given, as a stream has no end to wait
  /// for. Both outlive this.
  ScanPatterns(const Matcher& matcher, const ScanOptions& options, bool as_they_come);

  /// Shares of `source`, told with their hits where they complete a pattern at once.
  void add(const std::string& source, std::vector<PlacedShare> shares, ScanSink& sink);
  /// All shares of all logs have been given.
  void finish(ScanSink& sink);

  /// What warning lists hold back; of patterns of one observation whoever finds it has to.
  const ListedPatterns& listed() const { return listed_; }
  const std::map<std::string, std::uint64_t>& held_back() const { return held_back_; }  // by list
  std::uint64_t hits() const { return hits_; }
  std::uint64_t missed() const { return binder_ ? binder_->missed() : 0; }

 private:
  struct Place {
    PlacedShare placed;
    std::size_t source;
  };
  void take(const Place& place, ScanSink& sink);

  const Matcher& matcher_;
  bool as_they_come_;
  std::size_t ordered_max_;
  ListedPatterns listed_;
  std::map<std::string, std::uint64_t> held_back_;
  std::optional<PatternBinder> binder_;
  std::vector<std::string> sources_;
  std::vector<Place> places_;
  std::uint64_t hits_ = 0;
};

/// How a pattern's hit is told: of the event that completed it.
Hit hit_of_pattern(const Matcher& matcher,
                   std::size_t indicator,
                   const std::string& source,
                   std::uint64_t line,
                   std::optional<Timestamp> time);

}  // namespace shieldwall::detect
