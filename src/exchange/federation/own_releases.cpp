#include "exchange/federation/own_releases.h"

#include "ledger/rows.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t releases_of_object_max = 10'000;

}  // namespace

Result<std::vector<OwnRelease>> own_releases(store::Records& records, const model::ObjectId& object) {
  std::vector<OwnRelease> releases;
  for (auto& row : TRY(ledger::scan_rows(
           records, ledger::statement_table, own_prefix(object), decode_own_release, releases_of_object_max)))
    releases.push_back(std::move(row.value));
  return releases;
}

}  // namespace shieldwall::exchange::federation
