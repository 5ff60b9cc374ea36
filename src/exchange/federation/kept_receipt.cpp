#include "exchange/federation/kept_receipt.h"

#include "exchange/federation/again.h"
#include "exchange/federation/listed_keys.h"
#include "ledger/audit.h"

namespace shieldwall::exchange::federation {

namespace {

using WhyNot = std::optional<std::string>;

}  // namespace

bool is_genuine(const Known& known, const SignedReceipt& signed_receipt) {
  const auto& receipt = signed_receipt.receipt;
  if (receipt.to != known.home || known.is_suspended(receipt.by)) return false;
  const auto listed = known.keys(known.node_of(receipt.by), policy::KeyUse::statement);
  return is_by_one_of(listed, [&](const VerifyKey& key) { return verifies(signed_receipt, key); });
}

Result<WhyNot> keep_receipt(Taking& taking, const Delivery& delivery) {
  const auto opened = open_receipt(delivery.item, taking.keys);
  if (!opened) return WhyNot(opened.error().message);
  if (!is_genuine(taking.known, *opened)) return WhyNot("a receipt that nobody signed");
  const auto& receipt = opened->receipt;
  if (receipt.fate == Fate::again) {
    if (auto asked = asked_again(receipt)) taking.writes.push_back(std::move(*asked));
    return WhyNot();
  }
  if (!TRY(taking.is_within(relayed_receipt_count(receipt.by), relayed_receipts_per_day)))
    return WhyNot("more receipts of one member than are kept of a day");
  taking.writes.push_back({.table = ledger::outbox_table,
                           .key = relayed_receipt_key(receipt.statement, receipt.by),
                           .value = encode(*opened),
                           .expected = std::nullopt});
  if (receipt.fate == Fate::refused)
    TRY(ledger::audit_node(
        taking.services.store,
        taking.known.home,
        "federation.refused_by",
        {{"member", receipt.by.text()}, {"statement", receipt.statement.hex()}, {"why", receipt.reason}}));
  return WhyNot();
}

}  // namespace shieldwall::exchange::federation
