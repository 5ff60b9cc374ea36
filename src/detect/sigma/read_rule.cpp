#include <algorithm>
#include <span>

#include "base/text.h"
#include "detect/sigma/condition.h"
#include "detect/sigma/item.h"
#include "detect/sigma/read_parts.h"
#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::string_view level_names[] = {"", "informational", "low", "medium", "high", "critical"};
constexpr std::size_t searches_max = 1'000;

Result<std::vector<Item>> read_map(const Yaml& map,
                                   const ReadOptions& options,
                                   std::vector<std::string>& notes) {
  if (map.items.empty())
    return fail(ErrorCode::invalid, "line {}: an empty map matches everything", map.line);
  std::vector<Item> items;
  for (std::size_t i = 0; i < map.items.size(); ++i)
    items.push_back(TRY(read_item(map.keys[i], map.items[i], options, notes)));
  return items;
}

Result<Search> read_search(std::string_view name,
                           const Yaml& node,
                           const ReadOptions& options,
                           std::vector<std::string>& notes) {
  Search search{.name = std::string(name), .any_of = {}};
  const std::span<const Yaml> alternatives =
      node.is(YamlKind::list) ? std::span(node.items) : std::span(&node, 1);
  if (alternatives.empty())
    return fail(ErrorCode::invalid, "line {}: an empty list matches nothing", node.line);
  std::vector<Yaml> keywords;
  for (const auto& one : alternatives) {
    if (one.is(YamlKind::map)) {
      search.any_of.push_back(TRY(read_map(one, options, notes)));
    } else if (one.is(YamlKind::scalar)) {
      keywords.push_back(one);
    } else {
      return fail(ErrorCode::invalid, "line {}: neither a map nor a keyword", one.line);
    }
  }
  if (!keywords.empty()) search.any_of.push_back({TRY(read_keywords(keywords))});
  return search;
}

/// A list of conditions is one of them holding.
Result<Condition> read_conditions(const Yaml& node, std::span<const std::string> names) {
  Condition any{.kind = Condition::Kind::any};
  const std::span<const Yaml> texts = node.is(YamlKind::list) ? std::span(node.items) : std::span(&node, 1);
  for (const auto& text : texts) {
    if (!text.is(YamlKind::scalar)) return fail(ErrorCode::invalid, "condition: is not text");
    any.parts.push_back(TRY(read_condition(text.text, names)));
  }
  if (any.parts.empty()) return fail(ErrorCode::invalid, "condition: is empty");
  if (any.parts.size() > 1) return any;
  Condition only = std::move(any.parts.front());
  return only;
}

Result<Level> read_level(const Yaml& document) {
  const auto* const node = document.find("level");
  if (node == nullptr || node->is(YamlKind::null)) return Level::none;
  for (std::size_t i = 1; i < std::size(level_names); ++i)
    if (equal_ignoring_case(node->text, level_names[i])) return static_cast<Level>(i);
  return fail(ErrorCode::invalid,
              "level: '{}' is none of informational, low, medium, high, critical",
              excerpt(node->text));
}

Done read_head(const Yaml& document, Rule& rule) {
  rule.id = std::string(document.text_at("id"));
  rule.name = std::string(document.text_at("name"));
  rule.title = std::string(document.text_at("title"));
  if (rule.title.empty()) return fail(ErrorCode::invalid, "title: is missing");
  rule.level = TRY(read_level(document));
  const auto taxonomy = document.text_at("taxonomy");
  if (!taxonomy.empty() && taxonomy != "sigma")
    return fail(ErrorCode::invalid, "taxonomy: '{}' is not known; only 'sigma' is", excerpt(taxonomy));
  return {};
}

Result<Rule> read_detection_rule(const Yaml& document, Rule rule, const ReadOptions& options) {
  static constexpr std::string_view reserved[] = {"timeframe"};
  rule.logsource = TRY(read_logsource(document));
  const Yaml* const detection = document.find("detection");
  if (detection == nullptr) return fail(ErrorCode::invalid, "detection: is missing");
  auto searches = TRY(read_searches(*detection, reserved, options, rule.notes));
  rule.searches = std::move(searches.searches);
  rule.condition = std::move(searches.condition);
  return rule;
}

Result<Rule> read_rule(const Yaml& document, Rule rule, const ReadOptions& options) {
  TRY(read_head(document, rule));
  const Yaml* const correlation = document.find("correlation");
  if (correlation == nullptr) return read_detection_rule(document, std::move(rule), options);
  if (document.find("detection") != nullptr)
    return fail(ErrorCode::invalid, "a document is a detection or a correlation, not both");
  rule.correlation = TRY(read_correlation(*correlation));
  return rule;
}

void read_document(const Yaml& document,
                   const std::string& origin,
                   const ReadOptions& options,
                   RuleFile& into) {
  const auto refuse = [&](std::string reason) {
    into.unusable.push_back({.key = std::string(document.text_at("id")),
                             .title = std::string(document.text_at("title")),
                             .origin = origin,
                             .reason = std::move(reason)});
  };
  if (!document.is(YamlKind::map)) return refuse("is not a rule: no map of title, logsource, detection ...");
  if (document.find("action") != nullptr)
    return refuse("action: rule collections of Sigma 1 were removed; write every rule out");
  if (document.find("filter") != nullptr) {
    auto filter = read_filter(document, options);
    if (!filter) return refuse(std::move(filter).error().message);
    filter->origin = origin;
    into.filters.push_back(std::move(*filter));
    return;
  }
  auto rule = read_rule(document, {.origin = origin}, options);
  if (!rule) return refuse(std::move(rule).error().message);
  into.rules.push_back(std::move(*rule));
}

}  // namespace

std::string_view name_of(Level level) {
  return level_names[static_cast<std::size_t>(level)];
}

std::string to_text(const LogSource& source) {
  const auto part = [](const std::string& text) { return text.empty() ? "-" : std::string_view(text); };
  return fmt::format("{}/{}/{}", part(source.product), part(source.category), part(source.service));
}

Result<std::vector<std::string>> read_texts(const Yaml& node, std::string_view what) {
  std::vector<std::string> texts;
  const std::span<const Yaml> items = node.is(YamlKind::list) ? std::span(node.items) : std::span(&node, 1);
  for (const auto& item : items) {
    if (!item.is(YamlKind::scalar)) return fail(ErrorCode::invalid, "{}: is not text", what);
    texts.push_back(item.text);
  }
  return texts;
}

Result<LogSource> read_logsource(const Yaml& document) {
  const Yaml* const node = document.find("logsource");
  if (node == nullptr || !node->is(YamlKind::map)) return fail(ErrorCode::invalid, "logsource: is missing");
  const auto part = [&](std::string_view name) { return to_lower_ascii(node->text_at(name)); };
  LogSource source{.category = part("category"), .product = part("product"), .service = part("service")};
  if (source == LogSource{})
    return fail(ErrorCode::invalid, "logsource: names neither category, product nor service");
  return source;
}

Result<Searches> read_searches(const Yaml& map,
                               std::span<const std::string_view> except,
                               const ReadOptions& options,
                               std::vector<std::string>& notes) {
  if (!map.is(YamlKind::map)) return fail(ErrorCode::invalid, "line {}: is not a map of searches", map.line);
  if (map.items.size() > searches_max)
    return fail(ErrorCode::exhausted, "line {}: has more than {} searches", map.line, searches_max);
  Searches read;
  std::vector<std::string> names;
  const Yaml* condition = nullptr;
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    const auto& key = map.keys[i];
    if (key == "condition") {
      condition = &map.items[i];
    } else if (std::ranges::find(except, key) == except.end()) {
      auto search = read_search(key, map.items[i], options, notes);
      if (!search) return fail(std::move(search).error().within(excerpt(key, 100)));
      read.searches.push_back(std::move(*search));
      names.push_back(key);
    }
  }
  if (condition == nullptr) return fail(ErrorCode::invalid, "condition: is missing");
  if (names.empty()) return fail(ErrorCode::invalid, "detection: has no searches");
  read.condition = TRY(read_conditions(*condition, names));
  return read;
}

void read_rules(std::string_view text,
                const std::string& origin,
                const ReadOptions& options,
                RuleFile& into) {
  const auto documents = read_yaml(text);
  if (!documents) {
    into.unusable.push_back({.origin = origin, .reason = documents.error().message});
    return;
  }
  for (const auto& document : *documents) {
    if (document.is(YamlKind::null) && documents->size() > 1) continue;  // an empty one between two ---
    const auto where = documents->size() == 1 ? origin : fmt::format("{}:{}", origin, document.line);
    read_document(document, where, options, into);
  }
}

}  // namespace shieldwall::detect::sigma
