#pragma once
// A value on its way through the modifiers of its key; for item.cpp and modifiers.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"
#include "detect/sigma/yaml.h"

namespace shieldwall::detect::sigma {

/// What the key's modifiers have made of one value so far, and of the key as a whole.
struct Draft {
  std::vector<Test> tests;  // of which one must hold
  bool is_text = false;     // a scalar that is neither null nor (unless quoted) a number or truth value
  bool is_null = false;
  std::string raw;  // the scalar as written
};

struct Drafts {
  std::vector<Draft> values;
  Item item;
  bool dashes = false;             // windash came before
  std::string_view last_modifier;  // what came before, for `re|i`
};

/// Applies one modifier to all values.
///   errors  invalid: unknown, or it does not fit; exhausted
Done apply_modifier(std::string_view modifier,
                    Drafts& drafts,
                    const ReadOptions& options,
                    std::vector<std::string>& notes);

/// Whether RE2 takes the expression.
///   errors  invalid: says why not, and what is never supported (look-around, back-references)
Done check_regex(const std::string& expression);

}  // namespace shieldwall::detect::sigma
