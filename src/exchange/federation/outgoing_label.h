#pragma once
// A label as it leaves for an alliance: circles are a node's own business, so what names one goes out naming
// its members.

#include "policy/label.h"
#include "policy/roster.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// The label as the alliance's members read it: a circle of this node's becomes the members it named, by the
/// roster's newest version. Nothing: it is for nobody of that alliance.
Result<std::optional<policy::Label>> outgoing_label(store::Records& records,
                                                    const policy::Roster& roster,
                                                    const policy::Label& label);

}  // namespace shieldwall::exchange::federation
