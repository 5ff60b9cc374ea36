#pragma once
// Values that stand for too much: whoever looks for one, or blocks it, meets everybody.

#include <optional>
#include <string>

#include "model/canonical.h"

namespace shieldwall::model {

/// `co.uk`, `com`: names under which anybody may register. A rule on one would match half the Internet.
bool is_public_suffix(const std::string& domain);

/// Why the value would match too much to be looked for: a network of every address, a public suffix. Nothing
/// where it would not.
std::optional<std::string> too_broad(const CanonicalValue& value);

}  // namespace shieldwall::model
