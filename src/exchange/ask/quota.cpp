#include "exchange/ask/quota.h"

#include <algorithm>

#include "ledger/day_count.h"

namespace shieldwall::exchange::ask {

namespace {

constexpr int tries_max = 20;  // of several that ask for one organisation at once

}  // namespace

Result<Allowance> take_questions(store::Records& records,
                                 const OrganisationId& who,
                                 std::uint64_t count,
                                 Timestamp now,
                                 std::uint64_t per_day) {
  for (int attempt = 1;; ++attempt) {
    auto asked = TRY(ledger::DayCount::read(records, "ask/asked/" + who.text(), now));
    const auto left = per_day - std::min(per_day, asked.count());
    if (!asked.take(count, per_day)) return Allowance{.granted = false, .left = left, .again = asked.end()};
    const store::Write writes[] = {asked.write()};
    const auto done = records.write(writes);
    if (done) return Allowance{.granted = true, .left = left - count, .again = asked.end()};
    if (done.error().code != ErrorCode::conflict || attempt == tries_max) return fail(done.error());
  }
}

}  // namespace shieldwall::exchange::ask
