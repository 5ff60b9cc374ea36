#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

Result<bool> Taking::is_within(const std::string& what, std::uint64_t most) {
  auto found = counts.find(what);
  if (found == counts.end()) {
    auto counted = TRY(ledger::DayCount::read(records, what, now));
    found = counts.emplace(what, std::move(counted)).first;
  }
  return found->second.take(1, most);
}

}  // namespace shieldwall::exchange::federation
