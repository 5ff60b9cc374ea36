#pragma once
// Objects to look at again later, though nothing will change of them: when an embargo ends, and when a member
// that is suspended comes back. Rows of peer_table:
//
//   later/INSTANT/OBJECT   until that instant
//   missed/OBJECT          opened or amended while somebody was suspended

#include "exchange/federation/drafts.h"

namespace shieldwall::exchange::federation {

/// To look at it again when its embargo is over.
store::Write reminder_of(const policy::Holding& holding);

/// Rows of objects whose embargo is over by now, some of them; each value is the object's id.
Result<std::vector<store::Record>> due_reminders(const Drafts& drafts);

/// The row is done with; who is suspended meanwhile hears of its object when it comes back.
void tick_off(Drafts& drafts, const store::Record& row);

/// The objects that somebody missed.
Result<std::vector<model::ObjectId>> missed_objects(store::Records& records);

}  // namespace shieldwall::exchange::federation
