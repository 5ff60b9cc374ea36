#pragma once
// Which brackets an observation may satisfy; for pattern_set.cpp and pattern_stream.cpp alone.

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "detect/pattern/expression.h"

namespace shieldwall::detect {

/// A bracket of a pattern of the set.
struct BracketRef {
  std::uint32_t pattern;
  std::uint32_t bracket;
};

/// Leads from values to brackets. Each bracket has a guard: comparisons of which one must hold if the bracket
/// does. Where all of these are = or IN on texts, numbers, booleans or bytes, the guard is a set of values at
/// paths; else it is the type of the object.
class PatternIndex {
 public:
  void add(const BracketCode& bracket, std::uint32_t number);
  /// Numbers of the brackets that `in` may satisfy, with repetitions.
  void candidates(const Observation& in, PatternScratch& scratch, std::vector<std::uint32_t>& found) const;

  std::size_t indexed() const { return indexed_; }
  std::size_t scanned() const { return scanned_; }

 private:
  struct OfPath {
    PathCode path;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_value;  // keyed hash of the value
  };
  struct OfType {
    std::vector<OfPath> paths;
    std::map<std::string, std::size_t> path_number;  // by text
    std::vector<std::uint32_t> scanned;
  };

  OfType& of_type(const std::string& type);
  void add_values(const ComparisonCode& comparison, std::uint32_t number);

  std::vector<OfType> types_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> type_number_;
  std::size_t indexed_ = 0;
  std::size_t scanned_ = 0;
};

}  // namespace shieldwall::detect
