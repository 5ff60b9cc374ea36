#pragma once
// What a PatternSet holds; for pattern_set.cpp and pattern_stream.cpp alone.

#include "detect/pattern/pattern_index.h"
#include "detect/pattern/pattern_set.h"

namespace shieldwall::detect {

struct PreparedPattern {
  PatternCode code;
  std::vector<std::vector<std::uint32_t>> leaves_of;  // of each bracket
  bool at_once = false;        // one observation settles it: a single leaf, once, without limits of time
  std::int64_t window_us = 0;  // how long its observations wait
};

struct PatternTables {
  std::vector<PatternSource> sources;
  std::vector<PreparedPattern> patterns;  // beside the sources; a refused one has no brackets
  std::vector<PatternRefused> refused;
  std::vector<BracketRef> brackets;  // by the numbers of the index
  PatternIndex index;
  PatternSetOptions options;
};

}  // namespace shieldwall::detect
