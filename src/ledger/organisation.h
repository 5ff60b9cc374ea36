#pragma once
// An organisation that this node knows: its own, one it hosts, or a member elsewhere.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "ledger/row.h"
#include "model/object.h"
#include "policy/label.h"

namespace shieldwall::ledger {

inline constexpr int organisations_max = 10'000;  // six times the largest alliance foreseen (1,532)

struct Organisation {
  OrganisationId id{};
  std::string name{};
  std::optional<policy::Nation> nation{};
  bool hosted = false;         // its accounts, view and ledger are here; true of the node's own
  model::ObjectId identity{};  // the STIX identity that stands for it, `created_by_ref` of what it makes
  std::vector<OrganisationId> patrons{};  // organisations whose client it is
};

/// identity--UUID with the organisation's own UUID: what stands for it unless another was given.
model::ObjectId identity_of(const OrganisationId& id);

/// errors: not_found
Result<Row<Organisation>> read_organisation(store::Records& records, const OrganisationId& id);
/// By id, or by name without regard to ASCII case. errors: not_found, conflict when two carry that name
Result<Row<Organisation>> organisation_named(store::Records& records, std::string_view id_or_name);
/// All that the node knows, by id.
Result<std::vector<Row<Organisation>>> list_organisations(store::Records& records);

/// The organisation whose node this is; `init` set it. errors: not_found before that
Result<OrganisationId> home_organisation(store::Settings& settings);
Done set_home_organisation(store::Settings& settings, const OrganisationId& id);

/// The write that puts `organisation` in the place of `revision`, for Authority::save. errors: invalid, says
/// why
Result<store::Write> write_of(const Organisation& organisation, std::uint64_t revision);

Bytes encode(const Organisation& organisation);
Result<Organisation> decode_organisation(std::string_view row);

}  // namespace shieldwall::ledger
