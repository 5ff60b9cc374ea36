#include "detect/sigma/triggers.h"

#include <algorithm>
#include <cmath>

namespace shieldwall::detect::sigma {

namespace {

/// A guess is enough: it only decides which atoms are filed, never what matches.
double share_of(std::string_view text, Place place) {
  const auto size = static_cast<double>(text.size());
  switch (place) {
    case Place::whole:
      return size <= 5 ? 0.02 : 0.002;
    case Place::begin:
      return std::max(0.01, std::pow(0.85, size));
    case Place::end:
      return std::max(0.002, std::pow(0.75, size));
    case Place::inside:
      return std::max(0.0005, std::pow(0.65, size - 1));
  }
  return 1;
}

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

void add(Atoms& atoms, Atom atom) {
  atoms.share += atom.not_ascii ? 0.02 : share_of(atom.text, atom.place);
  atoms.atoms.push_back(std::move(atom));
}

bool add_text(Atoms& atoms, std::uint32_t field, const Test& test) {
  if (test.glob.is_everything()) return false;
  auto literal = placed_literal(test.glob);
  if (!literal) literal = longest_literal(test.glob);
  if (!literal || (literal->text.empty() && literal->place != Place::whole)) return false;
  add(atoms,
      {.field = field, .view = test.view, .text = folded(literal->text, test.view), .place = literal->place});
  return true;
}

bool add_regex(Atoms& atoms, std::uint32_t field, const Test& test) {
  const auto needs = Regex(test.text).needs();
  if (!needs) return false;
  for (const auto& text : *needs)
    add(atoms, {.field = field, .view = View::lower, .text = text, .place = Place::inside});
  // RE2 folds letters beyond ASCII, where `lower` does not.
  add(atoms, {.field = field, .view = View::lower, .not_ascii = true});
  return true;
}

}  // namespace

std::optional<Atoms> atoms_of(std::uint32_t field, const std::vector<Test>& tests) {
  Atoms atoms;
  for (const auto& test : tests) {
    const bool has = test.kind == Test::Kind::text    ? add_text(atoms, field, test)
                     : test.kind == Test::Kind::regex ? add_regex(atoms, field, test)
                                                      : false;
    if (!has) return {};
  }
  return atoms;
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
