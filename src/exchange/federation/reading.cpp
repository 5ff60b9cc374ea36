#include "exchange/federation/reading.h"

#include "exchange/federation/judge.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::StatementKind;

/// A recall and what is sealed past its relay hold no object that judge_object would take.
bool holds_object(const ReadEnvelope& read) {
  const auto& statement = read.statement;
  return statement.kind != StatementKind::recall && statement.field_root && !read.contents.object.empty();
}

Result<Contents> unsealed(const Envelope& envelope, EpochKeys& epochs) {
  const auto* const keys = TRY(epochs.of(envelope.header.epoch));
  for (const auto& key : *keys) {
    auto contents = open(envelope, key);
    if (contents) return contents;
  }
  return fail(ErrorCode::invalid, "sealed for an epoch whose key this node was not given, or altered");
}

}  // namespace

Result<ReadEnvelope> read_envelope(std::string_view item, EpochKeys& epochs) {
  const auto envelope = TRY(decode_envelope(item));
  ReadEnvelope read{.header = envelope.header};
  read.contents = TRY(unsealed(envelope, epochs));
  const auto& bytes = read.contents.statement.statement;
  read.statement = TRY(policy::decode_statement(bytes));
  read.digest = policy::statement_digest(bytes);
  return read;
}

ReadAhead read_ahead(const api::Services& services,
                     const Known& known,
                     const ledger::NodeKeys& keys,
                     const Page& page) {
  const auto own = sealing_ids(keys);
  EpochKeys epochs(services.store.records(), services.sealer);
  ReadAhead ahead(page.deliveries.size());
  for (std::size_t i = 0; i < ahead.size(); ++i) {
    const auto& delivery = page.deliveries[i];
    if (delivery.kind != ItemKind::envelope || !own.contains(delivery.to)) continue;
    auto read = read_envelope(delivery.item, epochs);
    if (!read) continue;
    if (holds_object(*read))
      read->holding = judge_object(
          read->statement, read->contents, ledger::circle_of(read->statement.alliance, known.home));
    ahead[i] = std::move(*read);
  }
  return ahead;
}

std::set<Digest> sealing_ids(const ledger::NodeKeys& keys) {
  std::set<Digest> ids;
  for (const auto& key : keys.public_keys())
    if (key.use == policy::KeyUse::sealing) ids.insert(policy::key_id(key));
  return ids;
}

}  // namespace shieldwall::exchange::federation
