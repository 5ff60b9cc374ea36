#pragma once
// A Sigma rule as read (Sigma specification 2.0 with the modifiers of 2.1): who it is, which logs it is
// about, what it looks for. Meaning is settled here - modifiers are applied, names in conditions resolved -
// so that compiling needs no YAML.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "detect/sigma/glob.h"
#include "model/address.h"

namespace shieldwall::detect::sigma {

/// Empty parts are open: any.
struct LogSource {
  std::string category, product, service;
  auto operator<=>(const LogSource&) const = default;
};
std::string to_text(const LogSource& source);  // "windows/process_creation/-"

enum class Level : unsigned char { none, informational, low, medium, high, critical };
std::string_view name_of(Level level);

enum class Compare : unsigned char { equal, less, less_equal, greater, greater_equal, not_equal };
enum class TimePart : unsigned char { none, minute, hour, day, week, month, year };
enum class Place : unsigned char { whole, begin, end, inside };

/// One test of a field's value.
struct Test {
  enum class Kind : unsigned char {
    text,     // the glob, as `view` sees it
    regex,    // found anywhere in the value
    network,  // an address in it
    number,   // compared with `number`, of a part of a time unless `part` is none
    exists,   // the field stands in the event, or must not
    null,     // the field is absent or null
    field,    // the value, as `view` sees it, is that of field `text` (or begins with it, ...)
  };
  Kind kind = Kind::text;
  Glob glob = {};
  View view = View::lower;
  std::string text = {};  // regex with its flags in front, name of a field
  model::Network network = {};
  Compare compare = Compare::equal;
  TimePart part = TimePart::none;
  long double number = 0;
  bool exists = true;
  Place place = Place::whole;
};

/// `field|modifiers: values`. Each value gives the tests of which one must hold; `all`: of every value.
/// Without a field it is a keyword: the tests may hold for any value of the event.
struct Item {
  std::string field;
  std::vector<std::vector<Test>> values;
  bool all = false;
  bool negated = false;  // `neq`
};

/// A named part of `detection`: any of these, each all of its items.
struct Search {
  std::string name;
  std::vector<std::vector<Item>> any_of;
};

/// A condition over searches (or, in a correlation, over rules) by their index.
struct Condition {
  enum class Kind : unsigned char { name, all, any, no };
  Kind kind = Kind::name;
  std::size_t index = 0;              // name
  std::vector<Condition> parts = {};  // all, any: of these; no: of one. An empty `any` never holds
};

struct CorrelationRule {
  enum class Type : unsigned char { event_count, value_count, temporal, temporal_ordered };
  struct Bound {
    Compare compare;
    std::uint64_t count;
  };
  struct Alias {
    std::string name, rule, field;
  };
  Type type = Type::event_count;
  std::vector<std::string> rules = {};  // ids or names
  std::vector<std::string> group_by = {};
  std::vector<Alias> aliases = {};
  Duration timespan = {};
  std::vector<Bound> bounds = {};            // all must hold for the count
  std::vector<std::string> fields = {};      // value_count: what is counted
  std::optional<Condition> expression = {};  // temporal: over `rules`
  bool generate = false;                     // the rules it is about also report by themselves
};

struct Rule {
  std::string id = {}, name = {}, title = {};
  Level level = Level::none;
  std::string origin = {};  // file and line
  LogSource logsource = {};
  std::vector<Search> searches = {};
  Condition condition = {};
  std::optional<CorrelationRule> correlation = {};
  std::vector<std::string> notes = {};  // what an operator should know of a rule that is used

  /// What people know it by: id, else name, else title.
  std::string_view key() const { return !id.empty() ? id : !name.empty() ? name : title; }
};

/// A rule that is not used, and why.
struct Unusable {
  std::string key = {}, title = {}, origin = {};
  std::string reason = {};
};

/// Values for the placeholders of `expand`: the lines of files called NAME.txt in a folder.
class Placeholders {
 public:
  virtual ~Placeholders() = default;
  /// Nothing when there is no such file.
  virtual std::optional<std::vector<std::string>> values(std::string_view name) const = 0;
};

struct ReadOptions {
  const Placeholders* placeholders = nullptr;
};

/// Suppresses hits of other rules (Sigma filters specification 2.0).
struct FilterRule {
  std::string key = {}, title = {}, origin = {};
  LogSource logsource = {};
  std::vector<std::string> rules = {};  // ids or names
  bool any_rule = false;                // of that log source
  std::vector<Search> searches = {};
  Condition keeps = {};  // an event counts as a hit only where this holds
};

struct RuleFile {
  std::vector<Rule> rules = {};
  std::vector<FilterRule> filters = {};
  std::vector<Unusable> unusable = {};
};

/// Adds every document of a rule file to `into`: rules, correlations and filters. What cannot be used is
/// listed with its reason.
void read_rules(std::string_view text, const std::string& origin, const ReadOptions& options, RuleFile& into);

/// Adds the filters to the rules they name, wherever either was read; call it once, when all files are in.
void apply_filters(RuleFile& file);

}  // namespace shieldwall::detect::sigma
