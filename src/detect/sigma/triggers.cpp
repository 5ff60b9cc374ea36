#include "detect/sigma/triggers.h"

#include <algorithm>
#include <cmath>

namespace shieldwall::detect::sigma {

namespace {

/// The longest literal of a glob with wildcards inside.
std::optional<PlacedLiteral> longest_literal(const Glob& glob) {
  const GlobPart* longest = nullptr;
  for (const auto& part : glob.parts)
    if (part.kind == GlobPart::Kind::literal &&
        (longest == nullptr || part.text.size() > longest->text.size()))
      longest = &part;
  if (longest == nullptr) return {};
  const Place place = longest == &glob.parts.front()  ? Place::begin
                      : longest == &glob.parts.back() ? Place::end
                                                      : Place::inside;
  return PlacedLiteral{longest->text, place};
}

class AtomMaker {
 public:
  AtomMaker(const FieldPlace& field, const TextShares& shares) : field_(field), shares_(shares) {}

  /// False when the test may hold without any text.
  bool add(const Test& test) {
    return test.kind == Test::Kind::text    ? add_text(test)
           : test.kind == Test::Kind::regex ? add_regex(test)
                                            : false;
  }
  Atoms finish() && { return std::move(atoms_); }

 private:
  bool add_text(const Test& test) {
    if (test.glob.is_everything()) return false;
    auto literal = placed_literal(test.glob);
    if (!literal) literal = longest_literal(test.glob);
    if (!literal || (literal->text.empty() && literal->place != Place::whole)) return false;
    add_literal(folded(literal->text, test.view), test.view, literal->place);
    return true;
  }

  bool add_regex(const Test& test) {
    const auto needs = Regex(test.text).needs();
    if (!needs) return false;
    for (const auto& text : *needs) add_literal(text, View::lower, Place::inside);
    // RE2 folds letters beyond ASCII, where `lower` does not.
    atoms_.atoms.push_back({.field = field_.number, .view = View::lower, .not_ascii = true});
    atoms_.share += 0.02;
    return true;
  }

  void add_literal(std::string text, View view, Place place) {
    atoms_.share += shares_.of(field_.name, folded(text, View::lower), place);
    atoms_.atoms.push_back({.field = field_.number, .view = view, .text = std::move(text), .place = place});
  }

  const FieldPlace& field_;
  const TextShares& shares_;
  Atoms atoms_;
};

}  // namespace

TextShares::TextShares(const std::vector<Rule>& rules) : rules_(static_cast<double>(rules.size())) {
  for (const auto& rule : rules)
    for (const auto& search : rule.searches)
      for (const auto& items : search.any_of)
        for (const auto& item : items) count(item);
}

void TextShares::count(const Item& item) {
  for (const auto& tests : item.values)
    for (const auto& test : tests) {
      const auto literal = test.kind == Test::Kind::text ? placed_literal(test.glob) : std::nullopt;
      if (!literal || (literal->place != Place::whole && literal->place != Place::end)) continue;
      const auto text = folded(literal->text, View::lower);
      if (literal->place == Place::whole) values_[item.field].insert(text);
      ++uses_[{item.field, text}];
    }
}

double TextShares::of(const std::string& field, const std::string& folded_text, Place place) const {
  const auto size = static_cast<double>(folded_text.size());
  if (place == Place::begin) return std::max(0.01, std::pow(0.85, size));
  if (place == Place::inside) return std::max(0.0005, std::pow(0.65, size - 1));
  const auto used = uses_.find({field, folded_text});
  const auto named = used == uses_.end() ? 0 : used->second / rules_;
  if (place == Place::end) return std::max({0.002, named, std::pow(0.75, size)});
  const auto values = values_.find(field);
  const auto others = values == values_.end() ? 0 : static_cast<double>(values->second.size());
  return std::max({0.002, named, std::min(1 / (1 + others), std::pow(0.85, size))});
}

std::optional<Atoms> atoms_of(const FieldPlace& field,
                              const std::vector<Test>& tests,
                              const TextShares& shares) {
  AtomMaker maker(field, shares);
  for (const auto& test : tests)
    if (!maker.add(test)) return {};
  return std::move(maker).finish();
}

std::optional<Atoms> joined(std::optional<Atoms> left, std::optional<Atoms> right) {
  if (!left || !right) return {};
  left->share += right->share;
  left->atoms.insert(left->atoms.end(),
                     std::make_move_iterator(right->atoms.begin()),
                     std::make_move_iterator(right->atoms.end()));
  return left;
}

std::optional<Atoms> rarer(std::optional<Atoms> left, std::optional<Atoms> right) {
  if (!left) return right;
  if (!right) return left;
  return right->share < left->share ? std::move(right) : std::move(left);
}

}  // namespace shieldwall::detect::sigma
