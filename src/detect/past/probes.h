#pragma once
// From indicators to what the past is asked: each literal of a compiled matcher becomes one hash or a few.

#include "detect/matcher.h"
#include "detect/past/past.h"

namespace shieldwall::detect::past {

/// One thing that is asked.
struct Question {
  std::uint32_t indicator = 0;  // its number in the matcher
  LiteralKind kind{};
  bool is_wider = false;  // asked for a network around it: only the raw line can say
};

struct Questions {
  std::vector<Question> all = {};   // by Probe::question
  std::vector<Probe> probes = {};   // sorted
  std::vector<Unused> unused = {};  // indicators that the past cannot be asked for, and why
};

/// All that `matcher`'s base looks for.
Questions questions_of(const PastFolder& folder, const Matcher& matcher);

}  // namespace shieldwall::detect::past
