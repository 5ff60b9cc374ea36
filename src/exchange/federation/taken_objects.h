#pragma once
// Objects that come with one page, on their way into the store; and those that its recalls and amendments
// take out of it or bring under another label.

#include <functional>
#include <optional>
#include <vector>

#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

class TakenObjects {
 public:
  /// `taking` outlives it.
  explicit TakenObjects(Taking& taking) : taking_(taking), objects_(taking.services.store.objects()) {}

  /// Kept with the next that is put: after its statement was noted, and durable before that note is.
  void add(const policy::Statement& statement, store::NewHolding holding);
  /// Puts what was added. Called before rows say that it was taken: what is taken twice after a crash is a
  /// duplicate. And before what follows, which looks at what is held.
  Done put();

  /// What is held under the label that the release had before comes under the holding's where it stands:
  /// nobody who keeps it is told.
  Done relabel(const policy::Statement& last, const store::NewHolding& holding);
  /// Of what is held of the object from that origin goes what `goes` names.
  Done remove_where(const OrganisationId& origin,
                    const model::ObjectId& object,
                    const std::function<Result<bool>(const policy::Holding&)>& goes);
  /// All that is held of the object from that origin: gone with its tombstone, indexes and full text.
  Done remove(const OrganisationId& origin, const model::ObjectId& object);

  /// What a statement is about. The object may be here and its row not: the power went in between, and its
  /// delivery was withdrawn before it came again.
  ///   before  what was taken last of its release
  Result<std::optional<model::ObjectId>> object_of(const policy::Statement& statement,
                                                   const std::optional<TakenStatement>& before) const;

  std::size_t stored() const { return stored_; }

 private:
  void foretell(const policy::Statement& statement, const model::ObjectId& object);
  Result<std::vector<policy::Holding>> held_of(const policy::Subject& subject,
                                               const OrganisationId& origin,
                                               const model::ObjectId& object);

  Taking& taking_;
  store::Objects& objects_;
  std::vector<store::NewHolding> holdings_;
  std::vector<store::Write> foretold_;
  std::size_t stored_ = 0;  // new ones
};

}  // namespace shieldwall::exchange::federation
