#pragma once
// Lays a rule's condition flat into Tables; for compile.cpp.

#include <map>
#include <optional>
#include <string>

#include "detect/sigma/tables.h"
#include "detect/sigma/triggers.h"

namespace shieldwall::detect::sigma {

/// A laid-out part of a condition.
struct Laid {
  std::uint32_t node = 0;
  double cost = 0;             // to evaluate, in about the time of one short comparison
  std::optional<Atoms> atoms;  // one of which stands in every event for which it holds
};

class Expressions {
 public:
  explicit Expressions(Tables& tables) : tables_(tables), shares_(tables.rules) {}

  /// The rule's condition with its fields called what `row` calls them.
  Laid lay(const Rule& rule, const LogRow& row);

 private:
  struct Scope {
    const Rule& rule;
    const LogRow& row;
    std::vector<std::optional<Laid>> searches;  // a condition may name one many times
  };

  Laid lay(const Condition& condition, Scope& scope);
  Laid lay(const Search& search, const LogRow& row);
  Laid lay(const Item& item, const LogRow& row);
  Laid any_of(const std::vector<const Test*>& tests, const FieldPlace& place, const LogRow& row);
  Laid texts(const std::vector<const Test*>& tests, View view, std::uint32_t field);
  Laid single(const Test& test, std::uint32_t field, const LogRow& row);
  Laid group(Node::Kind kind, std::vector<Laid> parts);
  Laid predicate(std::string key, double cost, const auto& make);
  std::uint32_t field_id(const std::string& name, const LogRow& row);

  Tables& tables_;
  TextShares shares_;
  std::map<std::string, std::uint32_t> predicates_;  // what was laid before, by what it asks
};

}  // namespace shieldwall::detect::sigma
