#include "exchange/federation/outbox.h"

#include <algorithm>

#include "ledger/alliance.h"
#include "ledger/rows.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int rows_at_once = 2'048;  // a page of small objects is closed by its bytes before

template <typename T>
Result<T> read_or_none(store::Records& records,
                       store::Table table,
                       const std::string& key,
                       Result<T> (*decode)(std::string_view)) {
  const auto row = records.read(table, key);
  if (!row && row.error().code == ErrorCode::not_found) return T{};
  if (!row) return fail(row.error());
  auto value = decode(row->value);
  if (!value) return fail(ErrorCode::corrupt, "row {}: {}", key, value.error().message);
  return value;
}

}  // namespace

Result<OutboxBatch::Open*> OutboxBatch::open(const OrganisationId& peer) {
  if (const auto found = open_.find(peer); found != open_.end()) return &found->second;
  Open open;
  const auto row = records_.read(ledger::outbox_table, out_key(peer));
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row) {
    open.stand = TRY(decode_stand(row->value));
    open.revision = row->revision;
  }
  touched_.push_back(peer);
  return &open_.emplace(peer, open).first->second;
}

Result<std::uint64_t> OutboxBatch::add(const OrganisationId& peer, Queued queued, std::string_view item) {
  auto* const open_peer = TRY(open(peer));
  auto& stand = open_peer->stand;
  auto& delivery = queued.delivery;
  delivery.number = ++stand.last;
  if (item != last_item_ || item.empty()) {
    last_item_ = item;
    last_digest_ = sha256(item);
  }
  delivery.digest = last_digest_;
  if (queued.item_at == Timestamp::never()) queued.item_at = queued.at;
  queued.before = stand.chain;
  stand.chain = chain_after(stand.chain, delivery);
  if (items_.insert(item_key(queued)).second)
    writes_.push_back({.table = ledger::outbox_table,
                       .key = item_key(queued),
                       .value = Bytes(item),
                       .expected = std::nullopt});
  writes_.push_back({.table = ledger::outbox_table,
                     .key = queue_key(peer, delivery.number),
                     .value = encode(queued),
                     .expected = std::nullopt});
  return delivery.number;
}

std::vector<store::Write> OutboxBatch::take() {
  for (const auto& [peer, open] : open_)
    writes_.push_back({.table = ledger::outbox_table,
                       .key = out_key(peer),
                       .value = encode(open.stand),
                       .expected = open.revision});
  return std::move(writes_);
}

Result<Stand> out_stand(store::Records& records, const OrganisationId& peer) {
  return read_or_none(records, ledger::outbox_table, out_key(peer), decode_stand);
}

Result<Stand> in_stand(store::Records& records, const OrganisationId& peer) {
  return read_or_none(records, ledger::peer_table, in_key(peer), decode_stand);
}

Result<Ack> kept_ack(store::Records& records, const OrganisationId& peer) {
  return read_or_none(records, ledger::outbox_table, ack_key(peer), decode_ack);
}

Result<Page> page_after(store::Records& records,
                        const OrganisationId& peer,
                        std::uint64_t after,
                        std::size_t bytes_about) {
  Page page;
  std::size_t bytes = 0;
  auto rows =
      TRY(records.scan(ledger::outbox_table, queue_prefix(peer), queue_key(peer, after), rows_at_once));
  for (const auto& row : rows) {
    if (bytes >= bytes_about) {
      page.more = true;
      return page;
    }
    auto queued = TRY(decode_queued(row.value));
    if (page.deliveries.empty()) page.chain = queued.before;
    auto item = records.read(ledger::outbox_table, item_key(queued));
    if (!item && item.error().code != ErrorCode::not_found) return fail(item.error());
    if (item)
      queued.delivery.item = std::move(item->value);
    else
      queued.delivery.kind = ItemKind::withdrawn;
    bytes += queued.delivery.item.size() + 256;
    page.deliveries.push_back(std::move(queued.delivery));
  }
  page.more = rows.size() == static_cast<std::size_t>(rows_at_once);
  return page;
}

}  // namespace shieldwall::exchange::federation
