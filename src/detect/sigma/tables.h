#pragma once
// What compile_rules makes and Scanner reads; for these two.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "detect/sigma/literal_index.h"
#include "detect/sigma/regex.h"
#include "detect/sigma/rule_set.h"
#include "detect/sigma/text_set.h"

namespace shieldwall::detect::sigma {

/// Names of fields as numbers, found by a fast hash.
class FieldNames {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint32_t add(std::string_view name);
  std::uint32_t find(std::string_view name) const;
  std::size_t size() const { return names_.size(); }

 private:
  static std::uint64_t hash(std::string_view name);
  void grow();
  std::vector<std::string> names_;
  std::vector<std::uint32_t> slots_;  // index + 1; 0: free
};

inline constexpr std::uint32_t any_field = UINT32_MAX - 1;  // keywords

/// A test with all that it needs, evaluated at most once an event.
struct Predicate {
  enum class Kind : unsigned char { texts, regex, network, number, exists, null, field, never };
  Kind kind = Kind::never;
  std::uint32_t field = FieldNames::none;
  std::uint32_t other = 0;  // texts, regex: which; field: the other field
  Test test = {};           // network, number, exists, field
};

/// A condition's tree laid flat: `all` and `any` have children, `no` one, `predicate` names one.
struct Node {
  enum class Kind : unsigned char { all, any, no, predicate };
  Kind kind = Kind::predicate;
  std::uint32_t first = 0;  // in Tables::children; of a predicate its index
  std::uint32_t count = 0;
};

/// A rule as it runs on one row's events.
struct Runnable {
  std::uint32_t rule = 0;
  std::uint32_t root = 0;
  std::uint32_t group = 0;
};

/// Literals that make rules worth evaluating, in one field of one row's events.
struct FieldTriggers {
  std::uint32_t field = 0;  // or any_field
  View view = View::lower;
  LiteralIndex literals;                 // payload: index of a Runnable
  std::vector<std::uint32_t> not_ascii;  // evaluated when a value has other than ASCII characters
};

/// The rules of one row of log_source.h.
struct Group {
  std::vector<std::pair<std::uint32_t, std::vector<std::string>>> when;  // field, values in lower case
  std::vector<std::uint32_t> present;
  std::vector<FieldTriggers> triggers;
  std::vector<std::uint32_t> always;  // Runnables without a text they cannot do without
  bool has_keywords = false;          // some of Tables::keywords are its rules'
};

/// A correlation with its rules found.
struct LinkedCorrelation {
  std::uint32_t rule = 0;            // the correlation itself
  std::vector<std::uint32_t> rules;  // those it is about, in its order
  std::vector<std::vector<std::string>>
      group_fields;  // for each of these, the field behind each group-by name
};

struct Tables {
  std::vector<Rule> rules;
  std::vector<bool> silent;                     // rules that feed correlations and do not report themselves
  std::vector<LinkedCorrelation> correlations;  // each behind those that it is about
  std::vector<Unusable> unusable;
  FieldNames fields;
  std::vector<Predicate> predicates;
  std::vector<TextSet> texts;
  std::vector<Regex> regexes;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> children;
  std::vector<Runnable> runnables;
  std::vector<Group> groups;
  LiteralIndex keywords;  // of all groups, looked for in all values at once, in View::lower
  /// Groups by the first field they ask for and its value; `present_first` when they only ask for presence.
  struct Gate {
    std::uint32_t field = 0;
    std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> by_value;
    std::vector<std::uint32_t> when_present;
  };
  std::vector<Gate> gates;
};

}  // namespace shieldwall::detect::sigma
