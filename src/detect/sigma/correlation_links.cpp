#include "detect/sigma/correlation_links.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

using Names = std::map<std::string, std::uint32_t, std::less<>>;

Names names_of(const std::vector<Rule>& rules) {
  Names names;
  for (std::uint32_t i = 0; i < rules.size(); ++i)
    for (const auto& name : {rules[i].id, rules[i].name})
      if (!name.empty()) names.try_emplace(name, i);
  return names;
}

/// The field of an event of `rule` that the group-by name stands for: its own unless it is an alias.
std::string field_behind(const std::string& group_by,
                         const CorrelationRule& correlation,
                         const std::string& called) {
  for (const auto& alias : correlation.aliases)
    if (alias.name == group_by && alias.rule == called) return alias.field;
  return group_by;
}

/// Nothing when all its rules are known and, if correlations, linked; else why not (empty: not yet).
std::optional<std::string> obstacle(const CorrelationRule& correlation,
                                    const Names& names,
                                    const std::vector<Rule>& rules,
                                    const std::vector<bool>& linked) {
  for (const auto& name : correlation.rules) {
    const auto found = names.find(name);
    if (found == names.end())
      return fmt::format("correlation: the rule '{}' was not read or cannot be used", excerpt(name, 100));
    if (rules[found->second].correlation && !linked[found->second]) return "";
  }
  return {};
}

void link(Tables& tables, std::uint32_t index, const Names& names) {
  const auto& correlation = *tables.rules[index].correlation;
  LinkedCorrelation made{.rule = index, .rules = {}, .group_fields = {}};
  for (const auto& name : correlation.rules) {
    made.rules.push_back(names.find(name)->second);
    if (!correlation.generate) tables.silent[made.rules.back()] = true;
    auto& fields = made.group_fields.emplace_back();
    for (const auto& group_by : correlation.group_by)
      fields.push_back(field_behind(group_by, correlation, name));
  }
  tables.correlations.push_back(std::move(made));
}

void remove_unlinked(Tables& tables, const Names& names, const std::vector<bool>& linked) {
  std::vector<Rule> kept;
  for (std::uint32_t i = 0; i < tables.rules.size(); ++i) {
    Rule& rule = tables.rules[i];
    if (!rule.correlation || linked[i]) {
      kept.push_back(std::move(rule));
      continue;
    }
    auto why = obstacle(*rule.correlation, names, tables.rules, linked).value_or("");
    if (why.empty()) why = "correlation: a correlation it is about cannot be used, or is about it in turn";
    tables.unusable.push_back({.key = std::string(rule.key()),
                               .title = rule.title,
                               .origin = rule.origin,
                               .reason = std::move(why)});
  }
  tables.rules = std::move(kept);
}

/// Which correlations have all they need, in rounds: one may be about another.
std::vector<bool> linkable(const std::vector<Rule>& rules,
                           const Names& names,
                           std::vector<std::uint32_t>& order) {
  std::vector<bool> linked(rules.size());
  for (bool again = true; again;) {
    again = false;
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      if (!rules[i].correlation || linked[i]) continue;
      if (obstacle(*rules[i].correlation, names, rules, linked)) continue;
      linked[i] = again = true;
      order.push_back(i);
    }
  }
  return linked;
}

}  // namespace

void link_correlations(Tables& tables) {
  std::vector<std::uint32_t> order;
  const auto linked = linkable(tables.rules, names_of(tables.rules), order);
  remove_unlinked(tables, names_of(tables.rules), linked);
  order.clear();
  const auto names = names_of(tables.rules);
  linkable(tables.rules, names, order);
  tables.silent.assign(tables.rules.size(), false);
  for (const auto index : order) link(tables, index, names);
}

}  // namespace shieldwall::detect::sigma
