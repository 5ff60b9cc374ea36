#pragma once
// The texts of one item: does a value match any of them?

#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/literal_index.h"
#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

/// A glob as what it usually is: a literal at a place. Nothing when it is more than that, or matches
/// everything.
struct PlacedLiteral {
  std::string_view text;
  Place place;
};
std::optional<PlacedLiteral> placed_literal(const Glob& glob);

/// All in one view. `matches` looks at text already folded for it.
class TextSet {
 public:
  explicit TextSet(View view) : view_(view) {}
  void add(const Glob& glob);  // as written in the rule; folded here
  void finish();               // once, after the last

  View view() const { return view_; }
  bool matches(std::string_view text) const;

 private:
  View view_;
  bool everything_ = false;
  std::vector<std::pair<std::string, Place>> few_;
  LiteralIndex many_;
  std::vector<Glob> globs_;
};

}  // namespace shieldwall::detect::sigma
