// Pages of deliveries, of this node and of others: handed out, taken, and acknowledged.

#include <algorithm>

#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/listed_keys.h"
#include "exchange/federation/reconcile.h"
#include "exchange/federation/relaying.h"
#include "ledger/audit.h"
#include "ledger/member_times.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int take_tries_max = 32;  // as many members may bring something for one and the same at once

/// This node forgot what it sent: it was restored. Numbers go on where the peer stands.
store::Write number_on_from(const OrganisationId& peer, const Ack& ack, const Stand& out) {
  log::warn("a member has more deliveries than this node remembers; it goes on from there",
            {{"member", peer.text()}, {"theirs", ack.last}, {"ours", out.last}});
  return {.table = ledger::outbox_table,
          .key = out_key(peer),
          .value = encode(Stand{ack.last, ack.chain}),
          .expected = std::nullopt};
}

/// One for each delivery that was made, whatever and however often the peer tells.
///   last  delivery of which it can say anything
Done note_receipts(Federation& federation,
                   const OrganisationId& peer,
                   const Ack& ack,
                   std::uint64_t last,
                   std::vector<store::Write>& writes) {
  auto& store = federation.services().store;
  for (const auto& receipt : ack.receipts) {
    const auto key = receipt_key(peer, receipt.number);
    if (receipt.number > last || store.records().read(ledger::outbox_table, key)) continue;
    Ack one = ack;
    one.receipts = {receipt};
    writes.push_back(
        {.table = ledger::outbox_table, .key = key, .value = encode(one), .expected = std::nullopt});
    if (receipt.fate == Fate::refused)
      TRY(ledger::audit_node(store,
                             federation.options().home,
                             "federation.refused_by",
                             {{"member", peer.text()}, {"number", receipt.number}, {"why", receipt.reason}}));
  }
  return {};
}

}  // namespace

Result<Page> Federation::page_for(const OrganisationId& peer, std::uint64_t after) {
  const auto known = known_.load();
  Page page;
  if (!known->is_suspended(peer)) page = TRY(page_after(services_.store.records(), peer, after));
  withhold_expired(page, services_.clock.now());
  page.rosters = known->stands_for(peer);
  return page;
}

Result<TakenPage> Federation::take(const OrganisationId& peer, const Page& page, ReadAhead ahead) {
  const auto held = TRY(keys());
  for (int tries = 1;; ++tries) {
    const auto known = known_.load();
    // It may have been suspended while its answer was on the way.
    if (known->is_suspended(peer)) return fail(ErrorCode::denied, "{} is suspended here", peer.text());
    auto taken = take_page(services_, *known, *held, peer, page, ahead);
    // Somebody else's delivery entered the same queue at this moment: what was taken twice is a duplicate.
    if (!taken && taken.error().code == ErrorCode::conflict && tries < take_tries_max) continue;
    if (!taken) return fail(std::move(taken).error());
    TRY(count(taken->carried_to));
    return taken;
  }
}

Done Federation::note(const OrganisationId& peer, const Ack& ack) {
  const auto listed = known_.load()->keys(peer, policy::KeyUse::statement);
  const bool by_peer = ack.by == peer && ack.from == options_.home &&
                       is_by_one_of(listed, [&](const VerifyKey& key) { return verifies(ack, key); });
  if (!by_peer) return fail(ErrorCode::denied, "an acknowledgement that {} did not sign", peer.text());
  if (services_.shelf != nullptr)
    services_.shelf->of<ledger::MemberTimes>().note(peer, ack.at, services_.clock.steady());
  auto& records = services_.store.records();
  const auto before = TRY(kept_ack(records, peer));
  const auto out = TRY(out_stand(records, peer));
  std::vector<store::Write> writes;
  if (ack.last > out.last) {
    writes.push_back(number_on_from(peer, ack, out));
    // Nothing waits for it: a member that says so without reason would keep this node from telling the
    // others.
    TRY(wish_reconcile(*this, peer, "it has more deliveries than this node remembers", false));
  }
  if (ack.last > before.last || !ack.receipts.empty())
    writes.push_back({.table = ledger::outbox_table,
                      .key = ack_key(peer),
                      .value = encode(ack),
                      .expected = std::nullopt});
  TRY(note_receipts(*this, peer, ack, std::min(ack.last, out.last), writes));
  if (!writes.empty()) TRY(records.write(writes));
  return {};
}

Done Federation::count(const std::vector<OrganisationId>& peers) {
  for (const auto& peer : peers) {
    const auto stand = TRY(out_stand(services_.store.records(), peer));
    last_.with([&](auto& last) { last[peer] = std::max(last[peer], stand.last); });
  }
  const auto wake = wake_.with([](const auto& kept) { return kept; });
  if (!peers.empty() && wake) wake();
  return {};
}

bool Federation::has_news(const OrganisationId& peer, std::uint64_t after) const {
  return last_.with([&](const auto& last) {
    const auto found = last.find(peer);
    return found != last.end() && found->second > after;
  });
}

}  // namespace shieldwall::exchange::federation
