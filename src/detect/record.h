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
  bool is_prose = false;  // running text, as messages and command lines are
};

struct FieldMap;

/// Views hold until the reader's next record.
struct Record {
  std::uint64_t line = 0;  // where it begins, from 1
  std::vector<Field> fields;
  bool is_prose = false;          // fields are running text: observables are looked for inside them
  const FieldMap* map = nullptr;  // what the fields mean, where the kind of log is known
  std::string_view time = {};     // as written, where the format itself says when
  Timestamp read_at = {};         // gives their year to times that tell none
};

/// When the event happened: as its format or its map says, else by the first of the field names that logs use
/// for it (ts, timestamp, @timestamp, ...) or, in running text, at its beginning. As read_time.
std::optional<Timestamp> event_time(const Record& record);

/// A time as logs write it: RFC 3339 and its neighbours, seconds to nanoseconds since 1970, and the forms of
/// web servers, syslog, BIND and CEF. Without a zone it is UTC; without a year it is the latest that lies not
/// more than a day behind `read_at`, and nothing where that is not known.
std::optional<Timestamp> read_time(std::string_view text, Timestamp read_at);

}  // namespace shieldwall::detect
