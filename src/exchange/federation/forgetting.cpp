#include "exchange/federation/forgetting.h"

#include <algorithm>

#include "exchange/federation/book.h"
#include "exchange/federation/outbox.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int items_at_once = 1'000;  // of one commit
constexpr int commits_at_once = 16;

/// When the first delivery was queued that the peer has not acknowledged; never: it has them all.
Result<Timestamp> waits_since(store::Records& records, const OrganisationId& peer) {
  const auto ack = TRY(kept_ack(records, peer));
  const auto rows = TRY(records.scan(ledger::outbox_table, queue_prefix(peer), queue_key(peer, ack.last), 1));
  if (rows.empty()) return Timestamp::never();
  const auto first = TRY(decode_queued(rows.front().value));
  return first.at;
}

/// Items are named by the time when they came, so that all before one instant stand together.
Result<Timestamp> needed_since(store::Records& records, const Known& known, Timestamp now) {
  auto since = now - carried_kept;
  for (const auto& peer : known.others()) {
    const auto waits = TRY(waits_since(records, peer));
    since = std::min(since, waits);
  }
  return std::max(since, now - carried_kept_max);
}

/// True while there is more.
Result<bool> forget_before(store::Records& records, const std::string& end) {
  std::vector<store::Write> writes;
  auto rows = TRY(records.scan(ledger::outbox_table, carried_prefix, "", items_at_once));
  for (auto& row : rows) {
    if (row.key >= end) break;
    writes.push_back({.table = ledger::outbox_table,
                      .key = std::move(row.key),
                      .value = std::nullopt,
                      .expected = std::nullopt});
  }
  if (!writes.empty()) TRY(records.write(writes));
  return writes.size() == static_cast<std::size_t>(items_at_once);
}

}  // namespace

Done forget_carried(store::Records& records, const Known& known, Timestamp now) {
  const auto first = TRY(records.scan(ledger::outbox_table, carried_prefix, "", 1));
  if (first.empty() || first.front().key >= carried_key({}, now - carried_kept)) return {};
  const auto since = TRY(needed_since(records, known, now));
  const auto end = carried_key({}, since);
  for (int commit = 0; commit < commits_at_once; ++commit)
    if (!TRY(forget_before(records, end))) return {};
  return {};
}

}  // namespace shieldwall::exchange::federation
