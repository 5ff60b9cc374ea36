#pragma once
// One event of a log as the readers hand it on: named fields, looking into the reader's memory.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace shieldwall::detect {

/// `name` is dotted for nested fields ("http.hostname"); elements of a list repeat its name.
struct Field {
  std::string_view name;
  std::string_view value;  // unescaped text; a number or true/false as written
  bool is_text = true;
};

/// Views hold until the reader's next record.
struct Record {
  std::uint64_t line = 0;  // where it begins, from 1
  std::vector<Field> fields;
  bool is_prose = false;  // fields are running text: observables are looked for inside them
};

/// When the event happened, by the first of the field names that logs use for it (ts, timestamp, @timestamp,
/// ...) or, in running text, at its beginning. RFC 3339 and its neighbours, seconds or milliseconds since
/// 1970.
std::optional<Timestamp> event_time(const Record& record);

}  // namespace shieldwall::detect
