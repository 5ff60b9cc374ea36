#pragma once
// Group epoch keys: one for each (origin, audience, epoch). The origin opens a new epoch whenever those it
// seals to, or one of their keys, changed. At rest they are sealed under the node's secret.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "api/call.h"
#include "api/seal.h"
#include "exchange/federation/envelope.h"
#include "exchange/federation/known.h"
#include "exchange/federation/outbox.h"
#include "ledger/keys.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// An epoch key to wrap with, and what has to be sent first where it is new.
struct EpochForSealing {
  EpochGrant grant{};
  bool is_new = false;
  std::vector<std::pair<OrganisationId, policy::MemberKey>>
      seal_to{};  // every sealing key of every recipient
  std::vector<store::Write> writes{};
};

/// The epoch of those recipients as they stand now; made anew where they or their keys are others than
/// before.
///   errors  invalid: a recipient has no sealing key
Result<EpochForSealing> epoch_for(store::Records& records,
                                  const api::Sealer& sealer,
                                  const Known& known,
                                  const AllianceId& alliance,
                                  const std::vector<OrganisationId>& recipients,
                                  Random& random);

/// An epoch key that this node made, whichever audience's newest it is by now. errors: not_found
Result<EpochGrant> epoch_made(store::Records& records, const api::Sealer& sealer, const EpochId& epoch);

/// The epoch of those recipients, sealed to each of them in the outbox where it is new.
///   writes  gets what has to be written with the outbox
Result<EpochGrant> epoch_told(const api::Services& services,
                              const Known& known,
                              const ledger::NodeKeys& keys,
                              const AllianceId& alliance,
                              const std::vector<OrganisationId>& recipients,
                              OutboxBatch& outbox,
                              std::vector<store::Write>& writes);

/// Keeps one that was received, and gives it back. errors: not_found
std::vector<store::Write> writes_of(const api::Sealer& sealer, const EpochGrant& grant);
Result<EpochGrant> epoch_received(store::Records& records,
                                  const api::Sealer& sealer,
                                  const OrganisationId& origin,
                                  const EpochId& epoch);

/// The epoch keys received, for what takes many envelopes: an envelope names its epoch and not its origin,
/// and an epoch's id is no secret: several members may use it.
class EpochKeys {
 public:
  EpochKeys(store::Records& records, const api::Sealer& sealer) : records_(records), sealer_(sealer) {}
  void add(const EpochGrant& grant) { keys_[grant.epoch].push_back(grant.key); }
  /// Those of that epoch, from whomever; none: no key was received.
  Result<const std::vector<SecretKey>*> of(const EpochId& epoch);

 private:
  Done read_all_origins();

  store::Records& records_;
  const api::Sealer& sealer_;
  std::map<EpochId, std::vector<SecretKey>> keys_;
  std::optional<std::map<EpochId, std::vector<OrganisationId>>> origins_;  // of rows of earlier versions too
};

}  // namespace shieldwall::exchange::federation
