#pragma once
// Which texts a rule cannot hold without; for compile.cpp.

#include <map>
#include <optional>
#include <set>
#include <string>
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

/// How many events have a text, guessed from the rules: a field of which they name few values has few, as
/// true and false; what many of them name, as programs that run all the time, stands in many events.
class TextShares {
 public:
  explicit TextShares(const std::vector<Rule>& rules);

  /// 0..1. `field` as Sigma calls it. A guess is enough: it only decides which atoms are filed, never what
  /// matches.
  double of(const std::string& field, const std::string& folded_text, Place place) const;

 private:
  void count(const Item& item);

  double rules_ = 0;
  std::map<std::string, std::set<std::string>> values_;         // by field: whole ones
  std::map<std::pair<std::string, std::string>, double> uses_;  // by field and text: whole, or at the end
};

/// A field in one row's events.
struct FieldPlace {
  std::uint32_t number = 0;  // of Tables::fields, or any_field
  std::string name = {};     // as Sigma calls it
};

/// The atoms of which one stands in every event for which a test among `tests` holds; nothing when there are
/// no such atoms.
std::optional<Atoms> atoms_of(const FieldPlace& field,
                              const std::vector<Test>& tests,
                              const TextShares& shares);

/// Of alternatives: all of theirs; nothing when one of them has none.
std::optional<Atoms> joined(std::optional<Atoms> left, std::optional<Atoms> right);
/// Of conditions that must all hold: the rarer ones.
std::optional<Atoms> rarer(std::optional<Atoms> left, std::optional<Atoms> right);

}  // namespace shieldwall::detect::sigma
