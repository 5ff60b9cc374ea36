#include "detect/sigma/expression.h"

#include <algorithm>

namespace shieldwall::detect::sigma {

namespace {

void append_key(std::string& key, const Glob& glob) {
  for (const auto& part : glob.parts)
    key += fmt::format("{}:{}:{}", static_cast<int>(part.kind), part.text.size(), part.text);
  key += ';';
}

std::string key_of(const Test& test, std::uint32_t field, std::uint32_t other) {
  std::string network(reinterpret_cast<const char*>(test.network.first.bytes.data()), 16);
  return fmt::format("{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}",
                     static_cast<int>(test.kind),
                     field,
                     other,
                     static_cast<int>(test.view),
                     static_cast<int>(test.compare),
                     static_cast<int>(test.part),
                     static_cast<int>(test.place),
                     test.number,
                     test.exists,
                     test.network.bits,
                     network,
                     test.text);
}

double cost_of(const Test& test) {
  return test.kind == Test::Kind::regex ? 60 : test.part != TimePart::none ? 10 : 2;
}

}  // namespace

std::uint32_t Expressions::field_id(const std::string& name, const LogRow& row) {
  if (name.empty()) return any_field;
  for (const auto& [ours, theirs] : row.fields)
    if (ours == name) return tables_.fields.add(theirs);
  return tables_.fields.add(name);
}

Laid Expressions::predicate(std::string key, double cost, const auto& make) {
  const auto [known, is_new] =
      predicates_.try_emplace(std::move(key), static_cast<std::uint32_t>(tables_.nodes.size()));
  if (is_new) {
    tables_.nodes.push_back(
        {.kind = Node::Kind::predicate, .first = static_cast<std::uint32_t>(tables_.predicates.size())});
    tables_.predicates.push_back(make());
  }
  return {.node = known->second, .cost = cost, .atoms = {}};
}

Laid Expressions::group(Node::Kind kind, std::vector<Laid> parts) {
  if (parts.size() == 1 && kind != Node::Kind::no) {
    Laid only = std::move(parts.front());
    return only;
  }
  std::ranges::stable_sort(parts, {}, &Laid::cost);  // what is cheap may spare what is not
  Laid whole;
  if (kind == Node::Kind::any) whole.atoms.emplace();
  const auto first = static_cast<std::uint32_t>(tables_.children.size());
  for (auto& part : parts) {
    tables_.children.push_back(part.node);
    whole.cost += part.cost;
    if (kind == Node::Kind::any) whole.atoms = joined(std::move(whole.atoms), std::move(part.atoms));
    if (kind == Node::Kind::all) whole.atoms = rarer(std::move(whole.atoms), std::move(part.atoms));
  }
  whole.node = static_cast<std::uint32_t>(tables_.nodes.size());
  tables_.nodes.push_back({.kind = kind, .first = first, .count = static_cast<std::uint32_t>(parts.size())});
  return whole;
}

Laid Expressions::texts(const std::vector<const Test*>& tests, View view, std::uint32_t field) {
  auto key = fmt::format("T/{}/{}/", field, static_cast<int>(view));
  for (const Test* const test : tests) append_key(key, test->glob);
  const double cost =
      (2 + static_cast<double>(std::min<std::size_t>(tests.size(), 8))) * (field == any_field ? 10 : 1);
  Laid laid = predicate(std::move(key), cost, [&] {
    TextSet set(view);
    for (const Test* const test : tests) set.add(test->glob);
    set.finish();
    tables_.texts.push_back(std::move(set));
    return Predicate{.kind = Predicate::Kind::texts,
                     .field = field,
                     .other = static_cast<std::uint32_t>(tables_.texts.size() - 1)};
  });
  return laid;
}

Laid Expressions::single(const Test& test, std::uint32_t field, const LogRow& row) {
  const auto other = test.kind == Test::Kind::field ? field_id(test.text, row) : 0;
  return predicate(key_of(test, field, other), cost_of(test), [&] {
    Predicate made{.field = field, .other = other, .test = test};
    switch (test.kind) {
      case Test::Kind::regex:
        made.kind = Predicate::Kind::regex;
        made.other = static_cast<std::uint32_t>(tables_.regexes.size());
        tables_.regexes.emplace_back(test.text);
        break;
      case Test::Kind::network:
        made.kind = Predicate::Kind::network;
        break;
      case Test::Kind::number:
        made.kind = Predicate::Kind::number;
        break;
      case Test::Kind::exists:
        made.kind = Predicate::Kind::exists;
        break;
      case Test::Kind::null:
        made.kind = Predicate::Kind::null;
        break;
      case Test::Kind::field:
        made.kind = Predicate::Kind::field;
        break;
      case Test::Kind::text:
        break;  // laid by texts()
    }
    return made;
  });
}

Laid Expressions::any_of(const std::vector<const Test*>& tests, const FieldPlace& place, const LogRow& row) {
  const auto field = place.number;
  std::vector<Laid> parts;
  for (int view = 0; view < views; ++view) {
    std::vector<const Test*> alike;
    for (const Test* const test : tests)
      if (test->kind == Test::Kind::text && test->view == static_cast<View>(view)) alike.push_back(test);
    if (!alike.empty()) parts.push_back(texts(alike, static_cast<View>(view), field));
  }
  for (const Test* const test : tests)
    if (test->kind != Test::Kind::text) parts.push_back(single(*test, field, row));
  for (auto& part : parts) part.atoms.reset();
  Laid whole = group(Node::Kind::any, std::move(parts));
  std::vector<Test> all;
  for (const Test* const test : tests) all.push_back(*test);
  whole.atoms = atoms_of(place, all, shares_);
  return whole;
}

Laid Expressions::lay(const Item& item, const LogRow& row) {
  const FieldPlace field{.number = field_id(item.field, row), .name = item.field};
  std::vector<Laid> parts;
  if (item.all) {
    for (const auto& tests : item.values) {
      std::vector<const Test*> pointers;
      for (const auto& test : tests) pointers.push_back(&test);
      parts.push_back(any_of(pointers, field, row));
    }
  } else {
    std::vector<const Test*> pointers;
    for (const auto& tests : item.values)
      for (const auto& test : tests) pointers.push_back(&test);
    parts.push_back(any_of(pointers, field, row));
  }
  Laid whole = group(Node::Kind::all, std::move(parts));
  if (!item.negated) return whole;
  std::vector<Laid> one;
  one.push_back(std::move(whole));
  return group(Node::Kind::no, std::move(one));
}

Laid Expressions::lay(const Search& search, const LogRow& row) {
  std::vector<Laid> alternatives;
  for (const auto& items : search.any_of) {
    std::vector<Laid> parts;
    for (const auto& item : items) parts.push_back(lay(item, row));
    alternatives.push_back(group(Node::Kind::all, std::move(parts)));
  }
  return group(Node::Kind::any, std::move(alternatives));
}

Laid Expressions::lay(const Condition& condition, Scope& scope) {
  if (condition.kind == Condition::Kind::name) {
    auto& known = scope.searches[condition.index];
    if (!known) known = lay(scope.rule.searches[condition.index], scope.row);
    return *known;
  }
  std::vector<Laid> parts;
  for (const auto& part : condition.parts) parts.push_back(lay(part, scope));
  const auto kind = condition.kind == Condition::Kind::all   ? Node::Kind::all
                    : condition.kind == Condition::Kind::any ? Node::Kind::any
                                                             : Node::Kind::no;
  return group(kind, std::move(parts));
}

Laid Expressions::lay(const Rule& rule, const LogRow& row) {
  Scope scope{.rule = rule, .row = row, .searches = std::vector<std::optional<Laid>>(rule.searches.size())};
  return lay(rule.condition, scope);
}

}  // namespace shieldwall::detect::sigma
