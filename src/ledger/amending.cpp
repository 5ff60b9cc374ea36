#include "ledger/amending.h"

#include "ledger/rows.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t begun_max = 10'000;  // at once, by as many requests

store::Write row(std::string_view prefix, const model::ObjectId& object, std::optional<Bytes> value) {
  return {.table = peer_table,
          .key = std::string(prefix) + object.text(),
          .value = std::move(value),
          .expected = std::nullopt};
}

}  // namespace

Done note_amending(store::Records& records, const model::ObjectId& object) {
  const auto write = row(amending_prefix, object, object.text());
  return records.write({&write, 1});
}

Done note_amended(store::Records& records, const model::ObjectId& object) {
  const store::Write writes[] = {row(amended_prefix, object, object.text()),
                                 row(amending_prefix, object, std::nullopt)};
  return records.write(writes);
}

Done finish_amending(store::Records& records) {
  for (const auto& begun :
       TRY(scan_rows(records, peer_table, amending_prefix, model::ObjectId::parse, begun_max)))
    TRY(note_amended(records, begun.value));
  return {};
}

}  // namespace shieldwall::ledger
