#pragma once
// Members of an alliance witness each other's logs: what this node cosigns for others, and the thread that
// asks the others to cosign its own.

#include <span>
#include <stop_token>
#include <thread>

#include "api/route.h"
#include "exchange/federation/federation.h"
#include "ledger/log/witness.h"

namespace shieldwall::server {

/// On the shelf of the node's services. Empty where the node has no keys.
struct WitnessOnShelf {
  std::unique_ptr<ledger::Witness> witness;
};

/// The name of the cosignature key of that organisation's node.
std::string witness_name(const OrganisationId& organisation);

/// As whom it cosigns: during an overlap by the keys before, too.
Result<ledger::NoteSigners> witness_signers(const OrganisationId& home, const ledger::NodeKeys& keys);

/// A witness of the logs of whoever is a member by the newest rosters; it keeps what it cosigned in `folder`.
Result<std::unique_ptr<ledger::Witness>> open_witness(const std::string& folder,
                                                      const OrganisationId& home,
                                                      const ledger::NodeKeys& keys,
                                                      api::Services& services);

/// Asks every member that can be reached, once. A log of which a witness knows more is held from then on.
void ask_members(exchange::federation::Federation& federation,
                 ledger::NodeLog& log,
                 const std::stop_token& stop = {});

/// Asks again and again, in a thread of its own, until it goes.
class Witnessing {
 public:
  explicit Witnessing(exchange::federation::Federation& federation);

 private:
  std::jthread thread_;
};

}  // namespace shieldwall::server
