#pragma once
// One comparison of a pattern, `path operator literal`, made ready to run (STIX 2.1 sections 9.6 and 9.7).

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/hash.h"
#include "detect/pattern/observation.h"
#include "detect/pattern/regex.h"
#include "model/address.h"
#include "model/pattern.h"

namespace shieldwall::detect {

/// `undecided`: the value is damaged (a text compared with an instant that is no instant, `_hex` that is no
/// hexadecimal): neither the comparison nor its negation may be said to hold.
enum class Truth : std::uint8_t { no, yes, undecided };

/// An object path: `type:step.step[n]`, through references (a property in _ref or _refs) into the objects
/// of the same observation.
class PathCode {
 public:
  /// What its value's name says of the value's text.
  enum class Coding : std::uint8_t { plain, hex, base64 };

  explicit PathCode(model::ObjectPath path);

  /// The values that it leads to from `object`, each once.
  void select(const Observation& in, ValueId object, std::vector<ValueId>& found) const;
  const model::ObjectPath& path() const { return path_; }
  Coding coding() const { return coding_; }

 private:
  void take_step(const Observation& in, std::size_t step, std::vector<ValueId>& values) const;

  model::ObjectPath path_;
  std::vector<bool> through_reference_;  // beside the steps: what they step into is named by a reference
  Coding coding_ = Coding::plain;
};

/// A number by its value: an integer exactly, whatever its size.
struct ComparedNumber {
  explicit ComparedNumber(std::string_view as_written);
  std::optional<std::int64_t> integer;
  double floating = 0;
  std::string big;  // digits of an integer that int64 does not hold, with '-'
};
std::partial_ordering operator<=>(const ComparedNumber& a, const ComparedNumber& b);

/// A literal made ready.
struct LiteralCode {
  enum class Kind : std::uint8_t { text, number, boolean, instant, bytes };
  Kind kind = Kind::text;
  std::string text;   // text: UTF-8
  std::string bytes;  // bytes; of text: its characters as bytes, when none is beyond 255
  bool has_bytes = false;
  ComparedNumber number{"0"};
  bool boolean = false;
  Timestamp instant;
  std::string finer;  // digits of the instant behind the microseconds
};

/// Where a comparison keeps its values while it runs; one per thread.
struct PatternScratch {
  std::vector<ValueId> values;
  std::string bytes;
  std::string reason;  // of the last undecided comparison
};

class ComparisonCode {
 public:
  /// errors  invalid: can never be evaluated: a time that no calendar has, IN over values of several types, a
  ///         network that is none, a regular expression as Regex::matches; exhausted as there
  static Result<ComparisonCode> compile(const model::Comparison& comparison);

  /// Whether it holds for some value that its path leads to from `object`, whose type is `type`. Where the
  /// path leads to none it does not hold, negated or not (EXISTS apart).
  Truth test(const Observation& in, std::string_view type, ValueId object, PatternScratch& scratch) const;

  const PathCode& path() const { return path_; }
  model::PatternOperator op() const { return op_; }
  bool negated() const { return negated_; }
  const std::vector<LiteralCode>& literals() const { return literals_; }

 private:
  explicit ComparisonCode(const model::Comparison& comparison);
  Done prepare(const model::Comparison& comparison);
  Truth holds(const Observation& in, const ObservedValue& value, PatternScratch& scratch) const;
  Truth compared(const Observation& in,
                 const ObservedValue& value,
                 const LiteralCode& literal,
                 const std::string* decoded,
                 PatternScratch& scratch) const;

  PathCode path_;
  model::PatternOperator op_;
  bool negated_;
  std::vector<LiteralCode> literals_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> texts_;  // of a long IN over texts, else empty
  std::optional<Regex> regex_;
  std::optional<model::Network> network_;
};

}  // namespace shieldwall::detect
