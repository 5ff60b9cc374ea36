#include "detect/values_alone.h"

#include <algorithm>

namespace shieldwall::detect {

namespace {

bool is_value(const model::Comparison& comparison) {
  using Op = model::PatternOperator;
  const bool compares =
      comparison.op == Op::equal || comparison.op == Op::in || comparison.op == Op::is_subset;
  return compares && !comparison.negated && is_plain_path(comparison.path);
}

bool are_values(const model::ComparisonExpression& expression) {
  if (expression.comparison) return is_value(*expression.comparison);
  return expression.junction == model::Junction::disjunction &&
         std::ranges::all_of(expression.children, are_values);
}

bool are_values_alone(const model::ObservationExpression& expression) {
  if (!expression.qualifiers.empty()) return false;
  if (expression.observation) return are_values(*expression.observation);
  return (expression.junction == model::Junction::disjunction || expression.children.size() == 1) &&
         std::ranges::all_of(expression.children, are_values_alone);
}

}  // namespace

bool is_plain_path(const model::ObjectPath& path) {
  static constexpr std::string_view plain[] = {
      "ipv4-addr:value",
      "ipv6-addr:value",
      "domain-name:value",
      "url:value",
      "email-addr:value",
      "mac-addr:value",
      "file:name",
      "directory:path",
      "mutex:name",
      "windows-registry-key:key",
      "autonomous-system:number",
      "x509-certificate:serial_number",
      "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
  };
  const auto& type = path.object_type;
  const bool hashed = type == "file" || type == "artifact" || type == "x509-certificate";
  if (hashed && path.steps.size() == 2 && path.steps[0].name == "hashes") return true;
  return std::ranges::find(plain, path.text()) != std::end(plain);
}

bool is_of_values_alone(const model::Pattern& pattern) {
  return are_values_alone(pattern.root);
}

}  // namespace shieldwall::detect
