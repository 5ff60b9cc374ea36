#include <algorithm>

#include "base/text.h"
#include "detect/sigma/read_parts.h"

namespace shieldwall::detect::sigma {

namespace {

Condition negated(Condition condition) {
  if (condition.kind == Condition::Kind::no) {
    Condition inner = std::move(condition.parts.front());
    return inner;
  }
  Condition no{.kind = Condition::Kind::no};
  no.parts.push_back(std::move(condition));
  return no;
}

void shift(Condition& condition, std::size_t by) {
  if (condition.kind == Condition::Kind::name) condition.index += by;
  for (auto& part : condition.parts) shift(part, by);
}

bool is_part_of(const LogSource& wanted, const LogSource& source) {
  const auto fits = [](const std::string& a, const std::string& b) { return a.empty() || a == b; };
  return fits(wanted.category, source.category) && fits(wanted.product, source.product) &&
         fits(wanted.service, source.service);
}

bool is_about(const FilterRule& filter, const Rule& rule) {
  if (rule.correlation) return false;
  if (filter.any_rule) return is_part_of(filter.logsource, rule.logsource);
  return std::ranges::any_of(filter.rules, [&](const std::string& key) {
    return !key.empty() && (key == rule.id || key == rule.name);
  });
}

void add_filter(const FilterRule& filter, Rule& rule) {
  Condition keeps = filter.keeps;
  shift(keeps, rule.searches.size());
  rule.searches.insert(rule.searches.end(), filter.searches.begin(), filter.searches.end());
  Condition both{.kind = Condition::Kind::all};
  both.parts.push_back(std::move(rule.condition));
  both.parts.push_back(std::move(keeps));
  rule.condition = std::move(both);
}

}  // namespace

Result<FilterRule> read_filter(const Yaml& document, const ReadOptions& options) {
  static constexpr std::string_view reserved[] = {"rules"};
  FilterRule filter;
  filter.title = std::string(document.text_at("title"));
  filter.key = std::string(document.text_at(document.find("id") != nullptr ? "id" : "title"));
  if (filter.title.empty()) return fail(ErrorCode::invalid, "title: is missing");
  const Yaml& map = *document.find("filter");
  filter.logsource = TRY(read_logsource(document));
  const Yaml* const rules = map.find("rules");
  if (rules == nullptr) return fail(ErrorCode::invalid, "filter: rules are missing");
  filter.rules = TRY(read_texts(*rules, "filter rules"));
  filter.any_rule = filter.rules == std::vector<std::string>{"any"};
  std::vector<std::string> notes;
  auto searches = TRY(read_searches(map, reserved, options, notes));
  filter.searches = std::move(searches.searches);
  // The specification's example suppresses what `selection` describes; others write `not selection` for what
  // stays. Both mean the same here: a condition that does not begin with 'not' names what is suppressed.
  filter.keeps = searches.condition.kind == Condition::Kind::no ? std::move(searches.condition)
                                                                : negated(std::move(searches.condition));
  return filter;
}

void apply_filters(RuleFile& file) {
  for (const auto& filter : file.filters) {
    bool used = false;
    for (auto& rule : file.rules) {
      if (!is_about(filter, rule)) continue;
      add_filter(filter, rule);
      used = true;
    }
    if (!used)
      file.unusable.push_back({.key = filter.key,
                               .title = filter.title,
                               .origin = filter.origin,
                               .reason = "filter: none of the rules it names was read"});
  }
  file.filters.clear();
}

}  // namespace shieldwall::detect::sigma
