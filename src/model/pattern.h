#pragma once
// STIX patterns as a syntax tree: STIX 2.1 section 9, and the spelling of STIX 2.0 part 5. Parsing says
// nothing about what a pattern matches; detect does.
//
//   const auto pattern = TRY(parse_pattern("[ipv4-addr:value = '192.0.2.1']"));
//   for (const auto& value : TRY(equality_values(text))) index(value);

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/canonical.h"

namespace shieldwall::model {

enum class PatternSpelling : std::uint8_t { v2_1, v2_0 };  // 2.0: START '...' STOP '...' without t, no EXISTS

/// Whether an observation in brackets may carry two qualifiers of one kind, which STIX 2.1 section 9.5 does
/// not allow: each then applies to what those before it made, as on a group in parentheses.
enum class RepeatedQualifiers : std::uint8_t { refused, accepted };

/// What is refused before it costs time or memory; patterns come from partners.
inline constexpr std::size_t pattern_bytes_max = 1u << 20;  // as any string of STIX
inline constexpr int pattern_depth_max = 64;                // parentheses and NOTs inside each other
inline constexpr std::size_t pattern_terms_max =
    100'000;  // comparisons and values of IN; lists of blocks are long

/// A literal as written and what it means. Binary kinds hold their bytes decoded.
struct PatternLiteral {
  enum class Kind : std::uint8_t { string, integer, floating, boolean, timestamp, binary, hex };
  Kind kind = Kind::string;
  std::string text;  // string: unescaped; integer, floating: as written; timestamp: between the quotes;
                     // binary, hex: bytes
  bool boolean = false;
};

/// One step of an object path after the colon: `.name` (the first without its dot), `[n]` or `[*]`.
struct PatternStep {
  enum class Kind : std::uint8_t { name, index, any };
  Kind kind = Kind::name;
  std::string name;
  std::int64_t index = 0;
};

struct ObjectPath {
  std::string object_type;
  std::vector<PatternStep> steps;  // at least one, the first a name

  std::string text() const;  // `file:hashes.'SHA-256'`
};

enum class PatternOperator : std::uint8_t {
  equal,
  not_equal,
  greater,
  greater_equal,
  less,
  less_equal,
  in,
  like,
  matches,
  is_subset,
  is_superset,
  exists,
};

/// `path [NOT] operator literal`, or `[NOT] EXISTS path`.
struct Comparison {
  ObjectPath path;
  bool negated = false;
  PatternOperator op = PatternOperator::equal;
  std::vector<PatternLiteral> literals;  // of IN any number, of EXISTS none, else one
  std::size_t offset = 0;                // of its first byte in the pattern
};

enum class Junction : std::uint8_t { conjunction, disjunction, followed_by };

/// What stands between square brackets: comparisons joined by AND before OR (flattened: `children` has two or
/// more, `comparison` is set instead in a leaf). `junction` is never followed_by here.
struct ComparisonExpression {
  std::optional<Comparison> comparison;
  Junction junction = Junction::conjunction;
  std::vector<ComparisonExpression> children;
};

struct WithinQualifier {
  double seconds;
};
struct RepeatsQualifier {
  std::int64_t times;
};
struct StartStopQualifier {  // start <= time < stop
  std::string start, stop;   // as written; the grammar lets 30 February pass, which parse_time refuses
};
using Qualifier = std::variant<WithinQualifier, RepeatsQualifier, StartStopQualifier>;

/// An observation `[...]`, or others joined by AND, then OR, then FOLLOWEDBY; with the qualifiers that follow
/// it directly.
struct ObservationExpression {
  std::optional<ComparisonExpression> observation;
  Junction junction = Junction::conjunction;
  std::vector<ObservationExpression> children;
  std::vector<Qualifier> qualifiers;
};

struct Pattern {
  ObservationExpression root;
};

/// The tree of a pattern.
///   errors  invalid: does not parse; says the byte offset and what would be right there
///           exhausted: a limit above was passed
Result<Pattern> parse_pattern(std::string_view text,
                              PatternSpelling spelling = PatternSpelling::v2_1,
                              RepeatedQualifiers repeated = RepeatedQualifiers::refused);

/// As parse_pattern, in whichever spelling it parses; the errors are those of 2.1's.
Result<Pattern> parse_any_pattern(std::string_view text);

/// The canonical values that the pattern compares with `=` or `IN` (not negated) on paths whose kind of value
/// is known, wherever they stand in it; sorted, without repetition. Values without a canonical form are left
/// out. Takes either spelling.
///   errors  as parse_pattern
Result<std::vector<CanonicalValue>> equality_values(std::string_view pattern);
std::vector<CanonicalValue> equality_values(const Pattern& pattern);

/// The kind of value at the end of a path (`file:hashes.MD5`, `network-traffic:src_ref.value`): what its
/// literal is canonical as. Nothing when the path holds no kind of ours. An address or name whose path does
/// not settle which
/// (`..._ref.value`) is judged by canonical_guess: `guess` is true then and `kind` means nothing.
struct PathKind {
  ValueKind kind = ValueKind::ipv4;
  bool guess = false;
};
std::optional<PathKind> path_kind(const ObjectPath& path);

/// The canonical form of a string literal compared at `path`. errors: invalid: no such path, or not of its
/// kind
Result<CanonicalValue> canonical_at(const ObjectPath& path, const PatternLiteral& literal);

}  // namespace shieldwall::model
