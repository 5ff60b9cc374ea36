#pragma once
// The sets that reconciliation compares, kept as they grow: which statements this node told to whom, and
// which of whose it took. A set holds the newest statement of each release; what another one replaced is
// taken out.
//
// Rows of statement_table, written with the rows that they tell of, in one step:
//   set/KIND/new/AT-RANDOM    what one step added, grouped by those whom it concerns
//   set/KIND/packed/...       many of those, joined in the background
//   set/group/DIGEST          the organisations of a group
//   release/RELEASE           the object of an own release, by which its row is found
// So a share costs one small row however many get it, and a peer's set is read in rows of thousands of
// elements, not of one.

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "exchange/federation/known.h"
#include "exchange/reconcile/coded.h"
#include "policy/statement.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

enum class SetKind : std::uint8_t {
  sent,   // by this node's organisations; a group is who was told
  taken,  // from others; a group is the origin alone
};

/// The release (16 bytes), then the first 8 of the statement's digest: says what is meant, and that both have
/// the same.
reconcile::Element element_of(const policy::ReleaseId& release, const Digest& statement);
reconcile::Element element_of(const policy::Statement& statement, std::string_view statement_bytes);
policy::ReleaseId release_of(const reconcile::Element& element);

/// An element that came in (1) or was replaced (-1).
struct SetEntry {
  reconcile::Element element{};
  std::int8_t sign = 1;
  auto operator<=>(const SetEntry&) const = default;
};

/// What one step adds to one of the sets.
class SetBatch {
 public:
  explicit SetBatch(SetKind kind) : kind_(kind) {}
  void add(std::vector<OrganisationId> group, const reconcile::Element& element, std::int8_t sign = 1);
  /// The writes, to be written with the rows that they tell of.
  Result<std::vector<store::Write>> take(store::Records& records, Timestamp now, Random& random);

 private:
  SetKind kind_;
  std::map<std::vector<OrganisationId>, std::vector<SetEntry>> groups_;
};

/// Each entry of the set of those organisations, in no order; one entry may undo another. A group counts once
/// when it holds any of them. Nobody may pack meanwhile, or entries come twice.
Done each_entry(store::Records& records,
                SetKind kind,
                const std::function<bool(const OrganisationId&)>& concerns,
                const std::function<void(const SetEntry&)>& visit);

/// Joins small rows when there are many. errors: conflict: somebody else did
Done pack(store::Records& records, SetKind kind);

store::Write write_of_release(const policy::ReleaseId& release, const model::ObjectId& object);
/// errors: not_found
Result<model::ObjectId> object_of_release(store::Records& records, const policy::ReleaseId& release);

/// Makes the sets from the rows of a store that an earlier version wrote; once, before anything else.
Done build_sets(store::Records& records, Timestamp now, Random& random);

/// The bytes of one row; for its readers and the fuzz target.
struct SetGroup {
  Digest group{};
  std::vector<SetEntry> entries{};
  auto operator<=>(const SetGroup&) const = default;
};
Bytes encode_set_row(const std::vector<SetGroup>& groups);
Result<std::vector<SetGroup>> decode_set_row(std::string_view row);

}  // namespace shieldwall::exchange::federation
