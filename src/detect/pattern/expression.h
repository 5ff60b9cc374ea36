#pragma once
// A pattern made ready to run: what stands in each pair of brackets, and the tree of observation operators
// over it (STIX 2.1 section 9.5).

#include <string>
#include <vector>

#include "detect/pattern/bind.h"
#include "detect/pattern/comparison.h"
#include "model/pattern.h"

namespace shieldwall::detect {

/// `[...]`: comparisons under AND and OR. One object must satisfy it whole: comparisons joined by AND hold of
/// the same object.
class BracketCode {
 public:
  struct Node {
    enum class Kind : std::uint8_t { comparison, all, any };
    Kind kind = Kind::comparison;
    std::uint32_t comparison = 0;
    std::uint32_t end = 0;  // index behind its last descendant; children stand between
  };

  /// errors: as ComparisonCode::compile
  static Result<BracketCode> compile(const model::ComparisonExpression& expression);

  Truth test(const Observation& in, PatternScratch& scratch) const;

  const std::vector<Node>& nodes() const { return nodes_; }  // each before its children
  const std::vector<ComparisonCode>& comparisons() const { return comparisons_; }

 private:
  Done add(const model::ComparisonExpression& expression);
  Truth test(std::uint32_t node,
             const Observation& in,
             std::string_view type,
             ValueId object,
             PatternScratch& scratch) const;

  std::vector<Node> nodes_;
  std::vector<ComparisonCode> comparisons_;
};

/// What a pattern is written in. `either`: as STIX 2.1, and if that does not parse as 2.0.
enum class PatternDialect : std::uint8_t { either, v2_1, v2_0 };

struct PatternCode {
  std::vector<BracketCode> brackets;
  BindTree tree;  // its leaves are the brackets

  /// errors  invalid, exhausted: does not parse (as model::parse_pattern), or can never be evaluated; says
  ///         why
  static Result<PatternCode> compile(std::string_view pattern,
                                     PatternDialect dialect = PatternDialect::either);
};

/// Of one pattern over a list of observations.
struct PatternVerdict {
  bool matched = false;
  std::vector<std::size_t> bound;  // the observations of one binding, ascending
  std::string undecided;           // not matched, and the reason why no match cannot be said either
};

/// Whether `pattern` is matched. Memory grows with observations times brackets, never with the number of
/// possible bindings.
///   errors  exhausted: the search for a binding passed a limit of find_binding
Result<PatternVerdict> match_pattern(const PatternCode& pattern,
                                     std::span<const Observation> observations,
                                     std::uint64_t steps_max = bind_steps_max);

}  // namespace shieldwall::detect
