#pragma once
// What becomes of drafts: statements under one signature for many, sealed for those they are for, and queued
// for the nodes that those live on.

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "exchange/federation/drafts.h"
#include "exchange/federation/envelope.h"
#include "exchange/federation/outbox.h"
#include "exchange/federation/sets.h"
#include "ledger/delivery.h"

namespace shieldwall::exchange::federation {

/// Of one round, on one thread.
class Sending {
 public:
  /// `drafts` outlives it and stays as it is.
  explicit Sending(const Drafts& drafts);

  /// Signs, seals and queues all of them. Notes what leaves to whom, as every door does: in the log before
  /// any of it can leave. A round that then fails is tried again and noted again: the log says too much
  /// rather than too little.
  ///   gives  what has to be written in one step
  Result<std::vector<store::Write>> send();
  /// Whose queues grow by it.
  const std::vector<OrganisationId>& peers() const { return outbox_.peers(); }

 private:
  Done sign_and_queue(std::span<const Draft> drafts);
  Done queue(const Draft& draft, policy::SignedStatement signed_statement, const Digest& digest);
  Result<Digest> seal_for(const Draft& draft,
                          const std::vector<OrganisationId>& to,
                          bool with_object,
                          const Digest& digest,
                          OwnRelease& kept);
  Result<std::uint64_t> queue_for(const OrganisationId& recipient,
                                  const AllianceId& alliance,
                                  Queued queued,
                                  std::string_view item);
  Result<EpochGrant> epoch_of(const AllianceId& alliance, const std::vector<OrganisationId>& recipients);
  Done note_told(const Draft& draft);
  Done replace(const OwnRelease& before, const OwnRelease& now);
  Done note_deliveries();

  const Drafts& drafts_;
  api::Services& services_;
  const Known& known_;
  OutboxBatch outbox_;
  SetBatch set_{SetKind::sent};
  std::map<std::pair<AllianceId, std::vector<OrganisationId>>, std::optional<EpochGrant>> epochs_;
  std::map<OrganisationId, std::vector<ledger::DeliveredVersion>> told_;
  std::vector<store::Write> writes_;
};

}  // namespace shieldwall::exchange::federation
