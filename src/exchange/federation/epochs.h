#pragma once
// Group epoch keys: one for each (origin, audience, epoch). The origin opens a new epoch whenever those it
// seals to, or one of their keys, changed. At rest they are sealed under the node's secret.

#include <set>

#include "api/seal.h"
#include "exchange/federation/envelope.h"
#include "exchange/federation/known.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// An epoch key to wrap with, and what has to be sent first where it is new.
struct EpochForSealing {
  EpochGrant grant{};
  bool is_new = false;
  std::vector<std::pair<OrganisationId, policy::MemberKey>>
      seal_to{};  // every sealing key of every recipient
  std::optional<store::Write> write{};
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

/// Keeps one that was received, and gives it back. errors: not_found
store::Write write_of(const api::Sealer& sealer, const EpochGrant& grant);
Result<EpochGrant> epoch_received(store::Records& records,
                                  const api::Sealer& sealer,
                                  const OrganisationId& origin,
                                  const EpochId& epoch);

}  // namespace shieldwall::exchange::federation
