#pragma once
// Reads the JSON objects that nearly all lines of logs are: without \u escapes, control characters or
// surprises.

#include <string_view>

#include "detect/readers/arena.h"
#include "detect/readers/quote_index.h"
#include "detect/record.h"

namespace shieldwall::detect {

class PlainJson {
 public:
  /// Fills `record.fields` as ndjson_parser() does, or says false, having changed them or not: then the line
  /// is for that parser to read or to refuse. What it takes, that parser takes, with the same fields.
  bool read(std::string_view line, Record& record, Arena& arena);

 private:
  QuotePositions quotes_;
};

}  // namespace shieldwall::detect
