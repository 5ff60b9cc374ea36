#pragma once
// What one round of releases is about to say, before anything is signed; and what the steps that draft it
// ask. For the releaser and its steps: offering, amending, waiting, mixing, sending.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "exchange/federation/book.h"
#include "exchange/federation/known.h"
#include "ledger/keys.h"
#include "ledger/member_times.h"
#include "ledger/subjects.h"
#include "policy/scope.h"
#include "policy/statement.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// One statement to be: for whom, of what bytes.
struct Draft {
  policy::Statement statement{};
  std::optional<OwnRelease> before{};  // the release that it goes on with
  model::ObjectId object{};
  std::optional<CircleId> collection{};
  std::shared_ptr<const std::string> bytes{};  // nothing: a recall
  Digest content{};                            // of those
  policy::VersionSecret secret{};
  std::vector<OrganisationId> recipients{};  // sorted
  std::vector<OrganisationId> losers{};      // of an amendment, who are told without the object; sorted
  model::Version version{};
};

/// Filled by the steps of one round, on one thread. What it is made of outlives it.
struct Drafts {
  api::Services& services;
  const Known& known;
  const ledger::NodeKeys& keys;
  std::optional<OrganisationId> only{};  // for that member alone, suspended or not; nothing: for everybody
  store::Records& records = services.store.records();
  Timestamp now = services.clock.now();
  ledger::Subjects subjects{records};
  std::map<OrganisationId, policy::Scope> scopes{};  // those asked for

  std::vector<Draft> all{};
  std::map<std::string, std::size_t> going_on{};  // by own_key: which of them recalls or amends the release
  std::vector<store::Write> writes{};             // to be written with what they become

  /// A new release of the own organisation in that alliance. The time stands in front, as RFC 9562 section
  /// 5.7 has it, so that rows of what was released together stand together on every disk; the rest is random,
  /// and the version 4 that readers ask for. It tells its readers when they could have it first, as the
  /// delivery did.
  policy::ReleaseId new_release() const;
  /// Adds it as the next statement of its release.
  Done go_on(Draft draft, OwnRelease before);
  Result<const policy::Scope*> scope_of(const OrganisationId& organisation);
  /// By the own clock and members', as far as they are known: moving one clock opens nothing.
  ledger::Passed has_passed(Timestamp instant) const;
};

}  // namespace shieldwall::exchange::federation
