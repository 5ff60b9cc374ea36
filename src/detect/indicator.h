#pragma once
// What detection needs to know of an indicator, wherever it came from.

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/canonical.h"
#include "model/json.h"

namespace shieldwall::detect {

struct Indicator {
  std::string id = {};                             // STIX id; for an entry of a list "file:line"
  std::string name = {};                           // for people; may be empty
  std::string source = {};                         // where it came from: file, collection
  std::string pattern = {};                        // as written: a STIX pattern, or the entry of a list
  std::vector<model::CanonicalValue> values = {};  // of a list's entry: any of these; else `pattern` is STIX
  Timestamp valid_from = Timestamp::always();
  Timestamp valid_until = Timestamp::never();  // exclusive
  bool revoked = false;
  std::optional<int> confidence = {};  // 0..100
};

/// An indicator, an entry or a part of one that does not take part, and why; people are told.
struct Unused {
  std::string id = {};
  std::string source = {};
  std::string reason = {};
  bool partly = false;  // other parts of its pattern do take part
};

/// Reads a STIX indicator object.
///   errors  invalid: not an indicator, or not one whose pattern is in STIX; says why
Result<Indicator> indicator_of(const model::Json& object, const std::string& source);

}  // namespace shieldwall::detect
