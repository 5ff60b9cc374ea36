#pragma once
// The statements that come with one page as they are kept: the newest of each release that this node took,
// and apart from them those that it refused, as evidence.

#include <map>
#include <optional>

#include "exchange/federation/reading.h"
#include "exchange/federation/sets.h"
#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

class TakenBook {
 public:
  /// `taking` outlives it, and gets the rows.
  explicit TakenBook(Taking& taking) : taking_(taking) {}

  /// What was taken last of the statement's release, by this page too.
  Result<std::optional<TakenStatement>> before(const policy::Statement& statement);
  /// A refused one never takes the place of what was taken: it is evidence under its own name.
  ///   object  of taken ones
  void note(const Delivery& delivery,
            const ReadEnvelope& opened,
            Fate fate,
            std::string_view reason,
            const std::optional<model::ObjectId>& object);
  /// Whether a release that was taken of that origin may be the one by which this came.
  Result<bool> has_row(const OrganisationId& origin, const policy::Holding& held) const;
  /// After the last of them.
  Done finish();

 private:
  Result<std::optional<store::Record>> first_from(const OrganisationId& origin, const std::string& key);
  void note_in_set(const ReadEnvelope& opened, const std::string& key);

  Taking& taking_;
  std::map<std::string, TakenStatement> noted_;
  std::map<OrganisationId, std::string> nothing_from_;  // no row of that origin's stands there or behind
  std::map<std::string, std::optional<reconcile::Element>> last_;  // what stands in the set for a release
  SetBatch set_{SetKind::taken};
};

}  // namespace shieldwall::exchange::federation
