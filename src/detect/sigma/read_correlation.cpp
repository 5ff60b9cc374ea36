#include <algorithm>

#include "base/text.h"
#include "detect/sigma/condition.h"
#include "detect/sigma/read_parts.h"

namespace shieldwall::detect::sigma {

namespace {

using Type = CorrelationRule::Type;

constexpr std::size_t names_max = 100;  // rules or fields of one correlation

constexpr struct {
  std::string_view name;
  Type type;
} types[] = {{"event_count", Type::event_count},
             {"value_count", Type::value_count},
             {"temporal", Type::temporal},
             {"temporal_ordered", Type::temporal_ordered}};

constexpr struct {
  std::string_view name;
  Compare compare;
} bounds[] = {{"gt", Compare::greater},
              {"gte", Compare::greater_equal},
              {"lt", Compare::less},
              {"lte", Compare::less_equal},
              {"eq", Compare::equal},
              {"neq", Compare::not_equal}};

Result<Type> read_type(const Yaml& map) {
  for (const auto& one : types)
    if (map.text_at("type") == one.name) return one.type;
  return fail(ErrorCode::invalid, "correlation: the type '{}' is not known", excerpt(map.text_at("type")));
}

Result<std::uint64_t> read_count(std::string_view text) {
  const auto count = as_number<std::uint64_t>(text);
  if (!count) return fail(ErrorCode::invalid, "correlation: '{}' is not a count", excerpt(text));
  return *count;
}

/// `90m`: a number and s, m, h or d.
Result<Duration> read_timespan(std::string_view text) {
  constexpr std::uint64_t days_kept_max = 3'660;
  const char unit = text.empty() ? '\0' : text.back();
  const std::uint64_t in_seconds = unit == 's'   ? 1
                                   : unit == 'm' ? 60
                                   : unit == 'h' ? 3'600
                                   : unit == 'd' ? 86'400
                                                 : 0;
  if (in_seconds == 0)
    return fail(ErrorCode::invalid, "correlation: timespan is not a number with s, m, h or d behind it");
  const auto count = TRY(read_count(text.substr(0, text.size() - 1)));
  if (count == 0 || count > days_kept_max * 86'400 / in_seconds)
    return fail(ErrorCode::invalid, "correlation: timespan is not between 1s and {}d", days_kept_max);
  return seconds(static_cast<std::int64_t>(count * in_seconds));
}

Done read_bounds(const Yaml& condition, CorrelationRule& rule) {
  for (std::size_t i = 0; i < condition.items.size(); ++i) {
    if (condition.keys[i] == "field") {
      rule.fields = TRY(read_texts(condition.items[i], "correlation field"));
      continue;
    }
    const auto* const row =
        std::ranges::find_if(bounds, [&](const auto& b) { return b.name == condition.keys[i]; });
    if (row == std::end(bounds))
      return fail(ErrorCode::invalid, "correlation: '{}' compares nothing", excerpt(condition.keys[i]));
    rule.bounds.push_back({row->compare, TRY(read_count(condition.items[i].text))});
  }
  if (rule.bounds.empty()) return fail(ErrorCode::invalid, "correlation: condition has no count");
  return {};
}

Done read_aliases(const Yaml& aliases, CorrelationRule& rule) {
  for (std::size_t i = 0; i < aliases.items.size(); ++i)
    for (std::size_t k = 0; k < aliases.items[i].keys.size(); ++k)
      rule.aliases.push_back({aliases.keys[i], aliases.items[i].keys[k], aliases.items[i].items[k].text});
  if (rule.aliases.empty()) return fail(ErrorCode::invalid, "correlation: aliases name no fields");
  return {};
}

Done read_correlation_condition(const Yaml* condition, CorrelationRule& rule) {
  const bool counts = rule.type == Type::event_count || rule.type == Type::value_count;
  if (condition == nullptr) {
    if (counts) return fail(ErrorCode::invalid, "correlation: condition is missing");
    return {};
  }
  if (condition->is(YamlKind::scalar) && !counts) {
    if (rule.type == Type::temporal_ordered)
      return fail(ErrorCode::invalid,
                  "correlation: temporal_ordered takes no expression: the order is of all rules");
    rule.expression = TRY(read_condition(condition->text, rule.rules));
    return {};
  }
  if (!condition->is(YamlKind::map)) return fail(ErrorCode::invalid, "correlation: condition is not a map");
  return read_bounds(*condition, rule);
}

}  // namespace

Result<CorrelationRule> read_correlation(const Yaml& map) {
  if (!map.is(YamlKind::map)) return fail(ErrorCode::invalid, "correlation: is not a map");
  CorrelationRule rule{.type = TRY(read_type(map))};
  const Yaml* const rules = map.find("rules");
  if (rules == nullptr) return fail(ErrorCode::invalid, "correlation: rules are missing");
  rule.rules = TRY(read_texts(*rules, "correlation rules"));
  if (const Yaml* const group = map.find("group-by"); group != nullptr && !group->is(YamlKind::null))
    rule.group_by = TRY(read_texts(*group, "correlation group-by"));
  if (rule.rules.empty() || rule.rules.size() > names_max || rule.group_by.size() > names_max)
    return fail(ErrorCode::invalid, "correlation: has no rules, or more than {} rules or fields", names_max);
  rule.timespan = TRY(read_timespan(map.text_at("timespan")));
  if (const Yaml* const aliases = map.find("aliases")) TRY(read_aliases(*aliases, rule));
  TRY(read_correlation_condition(map.find("condition"), rule));
  if (rule.type == Type::value_count && rule.fields.empty())
    return fail(ErrorCode::invalid, "correlation: value_count needs a field in its condition");
  rule.generate = equal_ignoring_case(map.text_at("generate"), "true");
  return rule;
}

}  // namespace shieldwall::detect::sigma
