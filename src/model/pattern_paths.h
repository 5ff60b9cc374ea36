#pragma once
// What an object path's literal must look like; for pattern*.cpp alone.

#include "model/pattern.h"

namespace shieldwall::model {

/// A comparison of a hash with text that cannot be one is a mistake worth telling its author: it never
/// matches.
///   errors  invalid: `=`, `!=` or IN on hashes.<algorithm> with a literal of another shape
Done check_hash(const Comparison& comparison);

}  // namespace shieldwall::model
