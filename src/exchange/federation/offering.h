#pragma once
// What members may have of an object as it stands: a new release, or the next statement of one that the same
// members were given before.

#include <map>
#include <set>
#include <vector>

#include "exchange/federation/drafts.h"

namespace shieldwall::exchange::federation {

class Offering {
 public:
  /// `drafts` outlives it, and gets what it finds.
  explicit Offering(Drafts& drafts) : drafts_(drafts), known_(drafts.known) {}

  /// One draft for each alliance and each form in which members may have the holding; none where they have
  /// it. Under an embargo: a reminder of it.
  Done offer(const policy::Holding& holding);

 private:
  /// A label as the members of one alliance read it, and whom it names.
  struct Named {
    policy::Label inside{};
    std::optional<policy::Label> outgoing{};
    std::vector<OrganisationId> audience{};
  };
  Result<const Named*> named_by(const policy::Roster& roster, const policy::Label& label);
  Done offer_to(const policy::Roster& roster, const policy::Holding& holding, std::set<OrganisationId>& told);
  bool is_suspended(const OrganisationId& one) const;
  bool is_offered(const policy::Roster& roster, const OrganisationId& one) const;
  Result<policy::StatementKind> kind_of(const policy::Holding& holding, const policy::Label& label);
  Done draft_view(const policy::Roster& roster,
                  const Named& named,
                  const policy::Holding& view,
                  std::vector<OrganisationId> recipients);
  Done place(Draft draft);

  Drafts& drafts_;
  const Known& known_;
  std::map<AllianceId, std::optional<Named>> named_;
  std::optional<std::set<model::ObjectId>> delegated_;  // published for somebody else; read when first asked
};

}  // namespace shieldwall::exchange::federation
