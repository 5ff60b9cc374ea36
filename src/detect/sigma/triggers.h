#pragma once
// Which texts a rule cannot hold without; for compile.cpp.

#include <optional>
#include <vector>

#include "detect/sigma/tables.h"

namespace shieldwall::detect::sigma {

/// A text that may make a rule hold.
struct Atom {
  std::uint32_t field = 0;
  View view = View::lower;
  std::string text = {};  // folded
  Place place = Place::inside;
  bool not_ascii = false;  // instead: any value with other than ASCII characters
};

/// The atoms of an expression, and a guess of how many events have one of them.
struct Atoms {
  std::vector<Atom> atoms;
  double share = 0;
};

/// The atoms of which one stands in every event for which a test among `tests` holds; nothing when there are
/// no such atoms.
std::optional<Atoms> atoms_of(std::uint32_t field, const std::vector<Test>& tests);

/// Of alternatives: all of theirs; nothing when one of them has none.
std::optional<Atoms> joined(std::optional<Atoms> left, std::optional<Atoms> right);
/// Of conditions that must all hold: the rarer ones.
std::optional<Atoms> rarer(std::optional<Atoms> left, std::optional<Atoms> right);

}  // namespace shieldwall::detect::sigma
