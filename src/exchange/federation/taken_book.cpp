#include "exchange/federation/taken_book.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int rows_at_once = 256;  // of one reading

}  // namespace

Result<std::optional<TakenStatement>> TakenBook::before(const policy::Statement& statement) {
  const auto key = taken_key(statement.origin, statement.release);
  if (const auto found = noted_.find(key); found != noted_.end()) return std::optional(found->second);
  auto& nothing_from = nothing_from_[statement.origin];
  if (!nothing_from.empty() && key >= nothing_from) return std::optional<TakenStatement>();
  const auto row = TRY(first_from(statement.origin, key));
  if (!row) nothing_from = key;
  if (!row || row->key != key) return std::optional<TakenStatement>();
  auto taken = TRY(decode_taken(row->value));
  last_[key] = element_of(statement.release, policy::statement_digest(taken.statement.statement));
  return std::optional(std::move(taken));
}

/// The first row of that origin's at the key or behind it. Releases stand in the order of their time, so that
/// of a page of new ones one question is answered for all.
Result<std::optional<store::Record>> TakenBook::first_from(const OrganisationId& origin,
                                                           const std::string& key) {
  auto before = key;
  --before.back();  // of hexadecimal digits: nothing stands between
  auto rows = TRY(taking_.records.scan(ledger::statement_table, taken_prefix(origin), before, 1));
  if (rows.empty()) return std::optional<store::Record>();
  return std::optional(std::move(rows.front()));
}

Result<bool> TakenBook::has_row(const OrganisationId& origin, const policy::Holding& held) const {
  const auto is_of = [&](const TakenStatement& taken) -> Result<bool> {
    if (taken.fate != Fate::taken || taken.object != held.id) return false;
    const auto statement = TRY(policy::decode_statement(taken.statement.statement));
    return !statement.object || held.version == model::Version(statement.object->version);
  };
  const auto prefix = taken_prefix(origin);
  for (const auto& [key, taken] : noted_)
    if (key.starts_with(prefix) && TRY(is_of(taken))) return true;
  for (std::string after;;) {
    const auto rows = TRY(taking_.records.scan(ledger::statement_table, prefix, after, rows_at_once));
    for (const auto& row : rows) {
      const auto taken = TRY(decode_taken(row.value));
      if (!noted_.contains(row.key) && TRY(is_of(taken))) return true;
    }
    if (std::ssize(rows) < rows_at_once) return false;
    after = rows.back().key;
  }
}

void TakenBook::note(const Delivery& delivery,
                     const ReadEnvelope& opened,
                     Fate fate,
                     std::string_view reason,
                     const std::optional<model::ObjectId>& object) {
  TakenStatement taken{.from = taking_.peer,
                       .number = delivery.number,
                       .at = taking_.now,
                       .fate = fate,
                       .reason = excerpt(reason, reason_bytes_max),
                       .object = object,
                       .header = opened.header,
                       .statement = opened.contents.statement,
                       .secret = fate == Fate::taken ? std::optional(opened.contents.secret) : std::nullopt};
  auto value = encode(taken);
  auto key = taken_key(opened.statement.origin, opened.statement.release);
  if (fate == Fate::refused) {
    key = fmt::format("refused/{}/{}", taking_.peer.text(), delivery.digest.hex());
  } else {
    note_in_set(opened, key);
    noted_.insert_or_assign(key, std::move(taken));
  }
  taking_.writes.push_back({.table = ledger::statement_table,
                            .key = std::move(key),
                            .value = std::move(value),
                            .expected = std::nullopt});
}

void TakenBook::note_in_set(const ReadEnvelope& opened, const std::string& key) {
  const std::vector<OrganisationId> origin{opened.statement.origin};
  const auto element = element_of(opened.statement.release, opened.digest);
  auto& stands = last_[key];
  if (stands) set_.add(origin, *stands, -1);
  set_.add(origin, element);
  stands = element;
}

Done TakenBook::finish() {
  auto sets = TRY(set_.take(taking_.records, taking_.now, taking_.services.random));
  std::ranges::move(sets, std::back_inserter(taking_.writes));
  return {};
}

}  // namespace shieldwall::exchange::federation
