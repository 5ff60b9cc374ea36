#pragma once
// What was told to a member and did not arrive is queued for it once more.

#include <set>
#include <span>

#include "api/call.h"
#include "exchange/federation/known.h"
#include "exchange/federation/relayed_receipt.h"
#include "exchange/reconcile/coded.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

struct ToldAgain {
  std::size_t queued = 0;           // deliveries with new numbers
  std::size_t waiting = 0;          // on their way already
  std::size_t withheld = 0;         // its label lets the member see it no longer
  std::set<OrganisationId> hops{};  // nodes whose queues grew
};

/// Queues the statements of those elements for the peer's node, each with the epoch key that opens it. What
/// was never told to it, what a newer statement replaced, and what is not carried any more is passed over.
Result<ToldAgain> tell_again(api::Services& services,
                             const Known& known,
                             const ledger::NodeKeys& keys,
                             const OrganisationId& peer,
                             std::span<const reconcile::Element> elements);

/// At the end of a suspension: asks that member for what a relay brought of it meanwhile and was refused for
/// that alone. Gives the nodes whose queues grew.
Result<std::vector<OrganisationId>> ask_again(api::Services& services,
                                              const Known& known,
                                              const ledger::NodeKeys& keys,
                                              const OrganisationId& origin);
/// What a member asked for that way, to be told with the next round; nothing: it names no release.
std::optional<store::Write> asked_again(const RelayedReceipt& receipt);
/// Tells what members asked for that way. Gives the nodes whose queues grew.
Result<std::vector<OrganisationId>> tell_what_was_asked(api::Services& services,
                                                        const Known& known,
                                                        const ledger::NodeKeys& keys);

}  // namespace shieldwall::exchange::federation
