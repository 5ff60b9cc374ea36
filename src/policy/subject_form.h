#pragma once
// The bytes of a subject, docs/formats/subject.md.

#include "policy/subject.h"

namespace shieldwall::policy {

/// All that may_see reads of it, in one order: a Scope's fingerprint is their SHA-256.
///   subject  with its lists sorted
Bytes encode(const Subject& subject);
/// errors: invalid
Result<Subject> decode_subject(std::string_view bytes);

}  // namespace shieldwall::policy
