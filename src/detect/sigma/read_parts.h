#pragma once
// Pieces that rules, filters and correlations share; for the files that read them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect::sigma {

struct Searches {
  std::vector<Search> searches;
  Condition condition;
};

/// The searches and condition of a `detection` or `filter` map; keys in `except` are neither.
///   errors  invalid, exhausted; names the search
Result<Searches> read_searches(const Yaml& map,
                               std::span<const std::string_view> except,
                               const ReadOptions& options,
                               std::vector<std::string>& notes);

/// errors  invalid: not a map, or a part of it is no text
Result<LogSource> read_logsource(const Yaml& document);

/// The text members of a list, or the one text itself. errors: invalid; `what` names it in the message
Result<std::vector<std::string>> read_texts(const Yaml& node, std::string_view what);

/// errors  invalid: says what is off
Result<CorrelationRule> read_correlation(const Yaml& map);
Result<FilterRule> read_filter(const Yaml& document, const ReadOptions& options);

}  // namespace shieldwall::detect::sigma
