#pragma once
// What passed between this node and a member, told to people; and taking back what was released.

#include "exchange/federation/federation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

/// What the member received from here since then, what this node took from it and still holds, how often its
/// indicators were seen here, and which epoch keys it knows.
Done write_impact(model::JsonWriter& out,
                  Federation& federation,
                  const OrganisationId& member,
                  Timestamp since);

/// The change up to which all was released: who is suspended now is told what follows when it comes back.
Result<store::Sequence> released_up_to(store::Records& records);

/// Removes all that came from the member; gives how many objects. What it sends again later is a duplicate of
/// nothing: a reinstatement brings it back when the member releases it anew.
Result<std::uint64_t> remove_what_it_sent(Federation& federation, const OrganisationId& member);

/// Takes the object out of every circle in which it was released to an alliance, and tells its recipients.
///   errors  not_found: it was released to no alliance
Done recall_object(Federation& federation, const model::ObjectId& object);
/// Who was told, and who confirmed.
Done write_recall(model::JsonWriter& out, Federation& federation, const model::ObjectId& object);

}  // namespace shieldwall::exchange::federation
