#pragma once
// Taking parts out of an object's text while every other byte stays. Internal to release.

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace shieldwall::policy {

struct Cuts {
  std::vector<std::string_view> selectors;  // STIX 2.1 section 7.2.3.1
  std::vector<std::string_view> pointers;   // RFC 6901
  std::string id;                           // put in the place of the object's own; empty: keeps it
};

/// `bytes` without what the cuts name. A list or object that loses all it held goes as well; granular
/// markings follow their targets: renumbered where list items before them went, gone where the target went.
///   errors  invalid: not an object, a selector or pointer that names nothing, or one that names what the
///   rest of the
///           object needs (identity, version, markings). The object is then not fit to be shown.
Result<Bytes> redact(std::string_view bytes, const Cuts& cuts);

}  // namespace shieldwall::policy
