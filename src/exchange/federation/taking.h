#pragma once
// What the steps of taking one page share. For the intake and its steps: carrying, page_answer,
// taken_book, taken_objects, vouched_sighting.

#include <map>
#include <string>
#include <vector>

#include "api/call.h"
#include "exchange/federation/judge.h"
#include "exchange/federation/known.h"
#include "exchange/federation/outbox.h"
#include "ledger/day_count.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

/// Filled by one thread. What it is made of outlives it.
struct Taking {
  /// Counts one more of what one member may give on a day. False: it gave that many already.
  ///   what  names the count
  Result<bool> is_within(const std::string& what, std::uint64_t most);

  api::Services& services;
  const Known& known;
  const ledger::NodeKeys& keys;
  const OrganisationId peer;  // whose node brought the page
  const policy::Subject& home;
  store::Records& records = services.store.records();
  const Timestamp now = services.clock.now();
  OutboxBatch outbox{records};         // what goes on to others
  std::vector<store::Write> writes{};  // that say what was taken
  std::map<std::string, ledger::DayCount> counts{};
};

}  // namespace shieldwall::exchange::federation
