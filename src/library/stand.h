#pragma once
// Where a reader of the changes stands, and what their rights were there.

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/seal.h"

namespace shieldwall::library {

/// Names a scope: the first 8 bytes of its fingerprint.
using ScopeMark = std::uint64_t;
ScopeMark mark_of(const policy::Scope& scope);

/// Sealed, an event's id. All ids are of one length and tell nothing, not even how many changes lie between
/// two of them.
struct Stand {
  store::Sequence after = 0;   // changes up to here were told
  ScopeMark saw = 0;           // to who saw this much
  ScopeMark opening = 0;       // what this scope sees beyond that is being told; 0: nothing is
  store::Sequence opened = 0;  // up to here

  std::string seal(const api::Call& call) const;
  /// An id from before ids named rights counts as of the caller's own.
  ///   errors  invalid: no event of this caller has that id
  static Result<Stand> open(const api::Call& call, std::string_view token);
};

/// Keeps what the caller sees now, so that later it can be told what is new to them.
Done keep_scope(const api::Call& call);
/// What the caller saw under that mark; nothing: it was forgotten.
Result<std::optional<policy::Scope>> kept_scope(const api::Call& call, ScopeMark mark);

}  // namespace shieldwall::library
