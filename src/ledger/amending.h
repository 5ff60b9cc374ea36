#pragma once
// Labels that their owner amended, for whoever has to tell of it elsewhere: the owner sees its object all
// along, so no change tells it. Noted before and after, so that a crash between the two loses nothing.

#include "ledger/alliance.h"

namespace shieldwall::ledger {

inline constexpr std::string_view amended_prefix = "amended/";  // of peer_table; then the object's id, twice
inline constexpr std::string_view amending_prefix = "amending/";  // begun, and perhaps not done

/// Before the labels of that object's holdings change.
Done note_amending(store::Records& records, const model::ObjectId& object);
/// When they have changed.
Done note_amended(store::Records& records, const model::ObjectId& object);
/// When a node starts: what was begun counts as done, since asking in vain does no harm.
Done finish_amending(store::Records& records);

}  // namespace shieldwall::ledger
