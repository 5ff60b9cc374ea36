#include "exchange/ask/epoch.h"

#include "api/seal.h"
#include "api/shelf.h"
#include "ledger/audit.h"
#include "ledger/delivery.h"
#include "ledger/log/node_log.h"
#include "ledger/organisation.h"

namespace shieldwall::exchange::ask {

namespace {

constexpr store::Table table = store::Table::quota;
constexpr std::size_t seed_bytes = 32;
constexpr int keys_max = 10'000;  // eight centuries

std::string seed_key(std::uint32_t number) {
  return fmt::format("ask/seed/{:08}", number);
}

constexpr std::string_view open_prefix = "ask/open/";

std::string purpose(std::uint32_t number) {
  return fmt::format("the seed of epoch {}", number);
}

Result<Epoch> epoch_of(std::uint32_t number, const Bytes& seed) {
  Epoch epoch{.number = number};
  epoch.key = TRY(voprf::derive_key_pair(voprf::Mode::voprf, seed, fmt::format("shieldwall ask {}", number)));
  epoch.padding_key = Bytes(hmac_sha256(seed, "padding").view());
  return epoch;
}

Result<Epoch> read_epoch(api::Services& services, std::uint32_t number) {
  const auto row = TRY(services.store.records().read(table, seed_key(number)));
  const auto seed = services.sealer.open(purpose(number), row.value);
  if (!seed || seed->size() != seed_bytes)
    return fail(ErrorCode::corrupt, "the key for questions does not open with this node's secret");
  return epoch_of(number, *seed);
}

/// In clear, for everybody: a node that shows each asker its own key shows keys that its log does not hold.
Done note_in_log(api::Services& services, const Epoch& epoch) {
  auto* const log = services.shelf ? services.shelf->of<ledger::LogOnShelf>().log : nullptr;
  if (log == nullptr) return {};
  const auto content = fmt::format("{} {}", epoch.number, to_hex(epoch.key.open.view()));
  auto entry = TRY(ledger::clear_entry("ask-key", content));
  const ledger::NewEntry entries[] = {{.entry = std::move(entry)}};
  TRY(log->append(entries));
  return {};
}

/// Draws a key and keeps it, unless somebody else did meanwhile.
Result<Epoch> draw_epoch(api::Services& services, std::uint32_t number) {
  const auto seed = services.random.bytes(seed_bytes);
  auto epoch = TRY(epoch_of(number, seed));
  const std::vector<store::Write> writes{
      {.table = table,
       .key = seed_key(number),
       .value = services.sealer.seal(purpose(number), seed),
       .expected = 0,
       .expires = end_of_epoch(number)},
      {.table = table,
       .key = fmt::format("{}{:08}", open_prefix, number),
       .value = Bytes(epoch.key.open.view()),
       .expected = 0},
  };
  const auto home = ledger::home_organisation(services.store.settings());
  TRY(ledger::audit_node(services.store,
                         home ? *home : OrganisationId{},
                         "ask.key",
                         {{"epoch", number}, {"key", to_hex(epoch.key.open.view())}}));
  TRY(services.store.records().write(writes));
  TRY(note_in_log(services, epoch));
  return epoch;
}

}  // namespace

std::uint32_t epoch_at(Timestamp now) {
  return now.us < 0 ? 0 : static_cast<std::uint32_t>(now.us / epoch_length.us);
}

Timestamp end_of_epoch(std::uint32_t number) {
  return {(static_cast<std::int64_t>(number) + 1) * epoch_length.us};
}

Result<Epoch> epoch_kept(api::Services& services, Timestamp now) {
  return read_epoch(services, epoch_at(now));
}

Result<Epoch> epoch_now(api::Services& services, Timestamp now) {
  const auto number = epoch_at(now);
  auto kept = read_epoch(services, number);
  if (kept || kept.error().code != ErrorCode::not_found) return kept;
  auto drawn = draw_epoch(services, number);
  if (drawn || drawn.error().code != ErrorCode::conflict) return drawn;
  return read_epoch(services, number);
}

Result<std::vector<OpenKey>> open_keys(store::Records& records) {
  const auto rows = TRY(records.scan(table, open_prefix, {}, keys_max));
  std::vector<OpenKey> keys;
  for (const auto& row : rows) {
    OpenKey open;
    open.epoch = static_cast<std::uint32_t>(std::stoul(row.key.substr(open_prefix.size())));
    auto key = voprf::Element::from(row.value);
    if (!key) return fail(ErrorCode::corrupt, "row {}: {}", row.key, key.error().message);
    open.key = *key;
    keys.push_back(open);
  }
  return keys;
}

}  // namespace shieldwall::exchange::ask
