#pragma once
// How a modifier changes what a rule's item compares; for the files of modifiers.

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "detect/sigma/draft.h"

namespace shieldwall::detect::sigma {

/// One modifier at work: the values of the item so far, and where to say what a reader should know.
struct ModifierStep {
  Drafts& drafts;
  const ReadOptions& options;
  std::vector<std::string>& notes;
  std::string_view modifier;
};

inline std::unexpected<Error> misfit(const ModifierStep& step, std::string_view why) {
  return fail(ErrorCode::invalid, "the modifier '{}' {}", step.modifier, why);
}

// Values in the forms that they take in encoded text (encode.h).
Done base64(const ModifierStep& step);
Done base64offset(const ModifierStep& step);
Done utf16(const ModifierStep& step);

/// Placeholders filled in, each value a test of its own.
Done expand(const ModifierStep& step);

}  // namespace shieldwall::detect::sigma
