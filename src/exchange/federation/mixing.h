#pragma once
// The second half of what a relay does with what is brought to it without a name (anonymous.h): it goes on
// together, at an instant that nobody can foretell, each signed for somebody whom nobody knows any more.

#include "exchange/federation/drafts.h"

namespace shieldwall::exchange::federation {

/// Draws the instant when something came to be mixed; drafts all of it when that is over.
Done draft_what_is_mixed(Drafts& drafts);

}  // namespace shieldwall::exchange::federation
