#pragma once
// What one marking definition says, whoever wrote it. Internal to stix_*.cpp.

#include <optional>

#include "wire/stix_label.h"

namespace shieldwall::wire {

struct Marking {
  std::optional<policy::Tlp> tlp;
  std::optional<policy::Label> label;  // by our extension
  bool is_statement = false;           // obliges, and restricts nobody
  bool is_unknown = false;             // not held, not readable, or of a kind that may restrict in any way
};

/// Asks `lookup` unless the id is one of the fixed TLP ids. An empty lookup holds nothing.
Marking read_marking(const model::ObjectId& id, const MarkingLookup& lookup);

}  // namespace shieldwall::wire
