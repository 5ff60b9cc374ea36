#include "exchange/federation/refusals.h"

#include "exchange/federation/evidence.h"
#include "exchange/federation/relayed_receipt.h"
#include "ledger/rows.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t rows_max = 1'000'000;

std::string name_in(const Known& known, const OrganisationId& organisation) {
  const auto* const member = known.member(organisation);
  return member == nullptr ? "" : member->name;
}

/// Statement and header are all that is left of it: what it held was never stored.
Done write_here(model::JsonWriter& out, const Known& known, const TakenStatement& refused) {
  const auto statement = TRY(policy::decode_statement(refused.statement.statement));
  out.begin_object();
  out.member("at", to_text(refused.at));
  out.member("from", refused.from.text());
  out.member("origin", statement.origin.text());
  out.member("origin_name", name_in(known, statement.origin));
  out.member("statement", policy::statement_digest(refused.statement.statement).hex());
  out.member("commitment", refused.header.commitment.hex());
  out.member("reason", refused.reason);
  out.end_object();
  return {};
}

void write_there(model::JsonWriter& out,
                 const Known& known,
                 const OrganisationId& member,
                 Timestamp at,
                 const Digest& statement,
                 std::string_view reason) {
  out.begin_object();
  out.member("at", to_text(at));
  out.member("member", member.text());
  out.member("member_name", name_in(known, member));
  out.member("statement", statement.hex());
  out.member("reason", reason);
  out.end_object();
}

/// Of members that had more refused than is kept of one.
Done write_counted(model::JsonWriter& out, const Known& known, store::Records& records) {
  out.key("counted");
  out.begin_array();
  const auto counts = TRY(
      ledger::scan_rows(records, ledger::statement_table, evidence_counts, decode_evidence_count, rows_max));
  for (const auto& row : counts) {
    if (row.value.beyond == 0) continue;
    out.begin_object();
    out.member("from", row.value.member.text());
    out.member("from_name", name_in(known, row.value.member));
    out.member("count", row.value.beyond);
    out.member("last", to_text(row.value.last));
    out.end_object();
  }
  out.end_array();
  return {};
}

}  // namespace

Done write_refusals(model::JsonWriter& out, Federation& federation) {
  auto& records = federation.services().store.records();
  const auto known = federation.known();
  out.begin_object();
  out.key("here");
  out.begin_array();
  const auto refused =
      TRY(ledger::scan_rows(records, ledger::statement_table, "refused/", decode_taken, rows_max));
  for (const auto& row : refused) TRY(write_here(out, *known, row.value));
  out.end_array();
  out.key("there");
  out.begin_array();
  const auto told = TRY(ledger::scan_rows(records, ledger::outbox_table, "receipt/", decode_ack, rows_max));
  for (const auto& row : told)
    for (const auto& receipt : row.value.receipts)
      if (receipt.fate == Fate::refused)
        write_there(out, *known, row.value.by, row.value.at, receipt.statement, receipt.reason);
  const auto relayed = TRY(
      ledger::scan_rows(records, ledger::outbox_table, relayed_receipts, decode_signed_receipt, rows_max));
  for (const auto& row : relayed)
    if (const auto& receipt = row.value.receipt; receipt.fate == Fate::refused)
      write_there(out, *known, receipt.by, receipt.at, receipt.statement, receipt.reason);
  out.end_array();
  TRY(write_counted(out, *known, records));
  out.end_object();
  return {};
}

}  // namespace shieldwall::exchange::federation
