#pragma once
// Subjects of many organisations at once, for work that asks of each what it may see: what all of them are
// inside of is read and decoded once.

#include <map>

#include "ledger/circle.h"
#include "ledger/subject.h"

namespace shieldwall::ledger {

/// As the node knew it when each was first asked for: for one piece of work, and then away with it.
class Subjects {
 public:
  /// `records` outlives it.
  explicit Subjects(store::Records& records) : records_(records) {}

  /// As subject_of.
  Result<policy::Subject> of(const OrganisationId& organisation,
                             std::optional<PersonId> person = {},
                             const policy::Grants& grants = {});
  /// As memberships_of; until the next call.
  Result<const policy::Memberships*> memberships(const OrganisationId& organisation);

 private:
  Result<const Circle*> circle(const CircleId& id);

  store::Records& records_;
  bool is_read_ = false;  // known_.alliances, which are everybody's
  policy::Memberships known_;
  std::map<CircleId, Circle> circles_;
};

}  // namespace shieldwall::ledger
