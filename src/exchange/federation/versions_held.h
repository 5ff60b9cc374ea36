#pragma once
// What is held of one object from one source, as somebody sees it.

#include "policy/scope.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

inline constexpr int versions_held_max = 1'000;  // of one object from one source

/// All its versions, about a page of bytes at most. errors: as Objects::find
Result<std::vector<policy::Holding>> versions_held(store::Objects& objects,
                                                   const policy::Scope& scope,
                                                   const model::ObjectId& id,
                                                   const policy::Source& source,
                                                   int most = versions_held_max);

}  // namespace shieldwall::exchange::federation
