#include "detect/pattern/named_values.h"

#include "detect/values_alone.h"
#include "model/canonical.h"

namespace shieldwall::detect {

namespace {

class NamedValues {
 public:
  explicit NamedValues(const WarningLists& lists) : lists_(lists) {}

  void add(const model::ObservationExpression& expression) {
    if (expression.observation) add(*expression.observation);
    for (const auto& child : expression.children) add(child);
  }

  std::optional<std::string> list() && { return other_ ? std::nullopt : std::move(list_); }

 private:
  void add(const model::ComparisonExpression& expression) {
    if (expression.comparison) add(*expression.comparison);
    for (const auto& child : expression.children) add(child);
  }

  void add(const model::Comparison& comparison) {
    using Op = model::PatternOperator;
    const bool plain = is_plain_path(comparison.path);
    const bool excludes = comparison.negated || comparison.op == Op::not_equal;
    if (excludes || (!plain && comparison.path.steps.back().name != "value")) return;
    const bool names =
        comparison.op == Op::equal || comparison.op == Op::in || comparison.op == Op::is_subset;
    if (!names || comparison.literals.empty()) other_ = true;
    for (const auto& literal : comparison.literals) {
      const auto value =
          plain ? model::canonical_at(comparison.path, literal) : model::canonical_guess(literal.text);
      auto list = value ? lists_.naming(value->text) : std::nullopt;
      if (!list)
        other_ = true;
      else if (!list_)
        list_ = std::move(list);
    }
  }

  const WarningLists& lists_;
  std::optional<std::string> list_;
  bool other_ = false;  // an observable that no list names
};

}  // namespace

std::optional<std::string> list_naming_all(const model::Pattern& pattern, const WarningLists& lists) {
  NamedValues named(lists);
  named.add(pattern.root);
  return std::move(named).list();
}

std::map<std::size_t, std::string> listed_patterns(const IndicatorPatterns& patterns,
                                                   const WarningLists& lists) {
  std::map<std::size_t, std::string> listed;
  patterns.each([&](std::size_t indicator, const std::string& text) {
    const auto pattern = model::parse_any_pattern(text);
    if (!pattern) return;
    if (auto list = list_naming_all(*pattern, lists)) listed.emplace(indicator, std::move(*list));
  });
  return listed;
}

}  // namespace shieldwall::detect
