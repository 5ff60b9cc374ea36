#include "exchange/federation/page_answer.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "exchange/federation/intake.h"
#include "exchange/federation/relayed_receipt.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t warned_of_page_max = 8;  // refusals of one page that the log tells one by one

std::string told_key(const OrganisationId& peer) {
  return "told/" + peer.text();
}

/// The last acknowledgement with receipts that was made for that peer; number 0 before any.
Result<Ack> told_last(store::Records& records, const OrganisationId& peer) {
  const auto row = records.read(ledger::peer_table, told_key(peer));
  if (!row && row.error().code == ErrorCode::not_found) return Ack{};
  if (!row) return fail(row.error());
  return decode_ack(row->value);
}

/// Pages may be on their way to being acknowledged when the line breaks.
bool is_told_again(const Receipt& receipt, std::uint64_t last) {
  return receipt.number + 2 * page_deliveries_max > last;
}

}  // namespace

PageAnswer::PageAnswer(Taking& taking)
    : taking_(taking), ack_{.from = taking.peer, .by = taking.known.home, .at = taking.now} {}

Done PageAnswer::repeat(std::uint64_t first, std::uint64_t last) {
  told_ = TRY(told_last(taking_.records, taking_.peer));
  for (const auto& receipt : told_.receipts)
    if (receipt.number >= first && receipt.number <= last) ack_.receipts.push_back(receipt);
  return {};
}

void PageAnswer::tell(const Delivery& delivery, Fate fate, const Digest& statement, std::string_view reason) {
  count(fate);
  ack_.receipts.push_back({.number = delivery.number,
                           .fate = fate,
                           .statement = statement,
                           .reason = excerpt(reason, reason_bytes_max)});
  if (fate == Fate::refused && refused_ <= warned_of_page_max)
    log::warn("a delivery was refused",
              {{"from", taking_.peer.text()}, {"number", delivery.number}, {"why", reason}});
}

Done PageAnswer::tell_origin(
    Bench& bench, const Delivery& delivery, const ReadEnvelope& opened, Fate fate, std::string_view reason) {
  const auto& known = taking_.known;
  const auto& origin = opened.statement.origin;
  const auto node = known.node_of(origin);
  if (node == taking_.peer || !check_signature(bench, opened.contents.statement, opened.statement)) {
    tell(delivery, fate, opened.digest, reason);
    return {};
  }
  count(fate);
  const auto keys = known.keys(node, policy::KeyUse::sealing);
  if (keys.empty() || known.is_suspended(node)) return {};
  const RelayedReceipt receipt{.by = known.home,
                               .to = origin,
                               .statement = opened.digest,
                               .fate = fate,
                               .at = taking_.now,
                               .reason = excerpt(reason, reason_bytes_max)};
  const auto item = TRY(seal(signed_receipt(receipt, taking_.keys.statement), keys.front()));
  Queued queued{.delivery = {.kind = ItemKind::receipt, .to = policy::key_id(keys.front())},
                .at = taking_.now};
  TRY(taking_.outbox.add(known.next_hop(node, opened.statement.alliance), std::move(queued), item));
  return {};
}

Ack PageAnswer::finish(const Stand& stand) {
  ack_.last = stand.last;
  ack_.chain = stand.chain;
  sign(ack_, taking_.keys.statement);
  if (!ack_.receipts.empty())
    taking_.writes.push_back({.table = ledger::peer_table,
                              .key = told_key(taking_.peer),
                              .value = encode(with_those_before(ack_)),
                              .expected = std::nullopt});
  return std::move(ack_);
}

/// Of the pages before, nobody knows yet whether the peer heard what became of them.
Ack PageAnswer::with_those_before(Ack ack) {
  std::vector<Receipt> before;
  for (auto& receipt : told_.receipts)
    if (receipt.number < ack.receipts.front().number && is_told_again(receipt, ack.last))
      before.push_back(std::move(receipt));
  const auto room = page_deliveries_max - std::min(page_deliveries_max, ack.receipts.size());
  const auto kept = static_cast<std::ptrdiff_t>(std::min(room, before.size()));
  ack.receipts.insert(ack.receipts.begin(), before.end() - kept, before.end());
  return ack;
}

Result<Ack> ack_for(api::Services& services,
                    const Known& known,
                    const ledger::NodeKeys& keys,
                    const OrganisationId& peer) {
  const auto stand = TRY(in_stand(services.store.records(), peer));
  Ack ack{
      .from = peer, .by = known.home, .last = stand.last, .chain = stand.chain, .at = services.clock.now()};
  // Nobody knows whether it was heard.
  auto told = TRY(told_last(services.store.records(), peer));
  std::ranges::copy_if(told.receipts, std::back_inserter(ack.receipts), [&](const Receipt& receipt) {
    return is_told_again(receipt, stand.last);
  });
  sign(ack, keys.statement);
  return ack;
}

}  // namespace shieldwall::exchange::federation
