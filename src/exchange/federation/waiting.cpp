#include "exchange/federation/waiting.h"

#include <algorithm>

#include "ledger/instant_key.h"
#include "ledger/rows.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int due_at_once = 256;  // objects of one round
constexpr std::size_t missed_max = 1'000'000;
constexpr std::string_view missed_prefix = "missed/";
constexpr std::string_view later_prefix = "later/";

}  // namespace

store::Write reminder_of(const policy::Holding& holding) {
  const auto object = holding.id.text();
  return {.table = ledger::peer_table,
          .key = ledger::instant_key(later_prefix, holding.label.embargo, object),
          .value = object,
          .expected = std::nullopt};
}

Result<std::vector<store::Record>> due_reminders(const Drafts& drafts) {
  auto rows = TRY(drafts.records.scan(ledger::peer_table, later_prefix, "", due_at_once));
  const auto first_later = std::ranges::find_if(rows, [&](const store::Record& row) {
    return !drafts.has_passed(ledger::instant_of(later_prefix, row.key)).passed;
  });
  rows.erase(first_later, rows.end());
  return rows;
}

void tick_off(Drafts& drafts, const store::Record& row) {
  drafts.writes.push_back(
      {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
  if (!drafts.known.suspended.empty())
    drafts.writes.push_back({.table = ledger::peer_table,
                             .key = std::string(missed_prefix) + row.value,
                             .value = row.value,
                             .expected = std::nullopt});
}

Result<std::vector<model::ObjectId>> missed_objects(store::Records& records) {
  std::vector<model::ObjectId> objects;
  for (auto& row :
       TRY(ledger::scan_rows(records, ledger::peer_table, missed_prefix, model::ObjectId::parse, missed_max)))
    objects.push_back(std::move(row.value));
  return objects;
}

}  // namespace shieldwall::exchange::federation
