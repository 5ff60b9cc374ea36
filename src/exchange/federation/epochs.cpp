#include "exchange/federation/epochs.h"

#include <algorithm>

#include "policy/byte_form.h"
#include "policy/membership.h"
#include "store/each_record.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view purpose = "federation epoch key";
constexpr std::string_view received_prefix = "epoch/in/";
constexpr int origins_max = 64;  // of one epoch; its id is random, so that more than one is somebody's trick
constexpr int rows_at_once = 1'000;

/// Epochs of one audience: the newest, and to which keys it was sealed.
struct Line {
  EpochGrant grant{};
  Digest sealed_to{};
};

void write_grant(policy::ByteWriter& out, const EpochGrant& grant) {
  out.uuid(grant.alliance.uuid);
  out.uuid(grant.origin.uuid);
  out.uuid(grant.epoch.uuid);
  out.number(grant.number);
  out.digest(grant.audience);
  out.digest(grant.key);
}

Result<EpochGrant> read_grant(policy::ByteReader& in) {
  EpochGrant grant;
  grant.alliance.uuid = TRY(in.uuid());
  grant.origin.uuid = TRY(in.uuid());
  grant.epoch.uuid = TRY(in.uuid());
  grant.number = TRY(in.number<std::uint32_t>());
  grant.audience = TRY(in.digest());
  grant.key = TRY(in.digest());
  return grant;
}

Bytes encode(const api::Sealer& sealer, const Line& line) {
  policy::ByteWriter out;
  write_grant(out, line.grant);
  out.digest(line.sealed_to);
  return sealer.seal(purpose, std::move(out).take());
}

Result<Line> decode_line(const api::Sealer& sealer, std::string_view row) {
  const auto bytes = TRY(sealer.open(purpose, row));
  policy::ByteReader in(bytes, "epoch key");
  Line line;
  line.grant = TRY(read_grant(in));
  line.sealed_to = TRY(in.digest());
  TRY(in.finish());
  return line;
}

std::string made_key(const EpochId& epoch) {
  return "epoch/made/" + epoch.text();
}

std::string received_key(const OrganisationId& origin, const EpochId& epoch) {
  return fmt::format("{}{}/{}", received_prefix, origin.text(), epoch.text());
}

/// Which members gave a key of that epoch.
std::string origins_prefix(const EpochId& epoch) {
  return fmt::format("epoch/of/{}/", epoch.text());
}

Digest digest_of(const std::vector<std::pair<OrganisationId, policy::MemberKey>>& keys) {
  Sha256 hash;
  for (const auto& [organisation, key] : keys) {
    hash.add(organisation.uuid.view());
    hash.add(policy::key_id(key).view());
  }
  return hash.finish();
}

}  // namespace

Result<EpochForSealing> epoch_for(store::Records& records,
                                  const api::Sealer& sealer,
                                  const Known& known,
                                  const AllianceId& alliance,
                                  const std::vector<OrganisationId>& recipients,
                                  Random& random) {
  EpochForSealing epoch;
  for (const auto& one : recipients) {
    // A host holds its guests' keys.
    const auto keys = known.keys(known.node_of(one), policy::KeyUse::sealing);
    if (keys.empty()) return fail(ErrorCode::invalid, "{} has no key to seal to", one.text());
    for (const auto& key : keys) epoch.seal_to.emplace_back(one, key);
  }
  const auto audience = policy::audience_digest(recipients);
  const auto key = fmt::format("epoch/out/{}/{}", alliance.text(), audience.hex());
  const auto row = records.read(ledger::peer_table, key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  Line line;
  if (row) line = TRY(decode_line(sealer, row->value));
  const auto sealed_to = digest_of(epoch.seal_to);
  if (row && line.sealed_to == sealed_to) {
    epoch.grant = line.grant;
    return epoch;
  }
  line.sealed_to = sealed_to;
  line.grant = {.alliance = alliance,
                .origin = known.home,
                .epoch = EpochId::random(random),
                .number = line.grant.number + 1,
                .audience = audience};
  random.fill(line.grant.key.bytes);
  epoch.grant = line.grant;
  epoch.is_new = true;
  epoch.writes.push_back({.table = ledger::peer_table,
                          .key = key,
                          .value = encode(sealer, line),
                          .expected = row ? row->revision : 0});
  // What was sealed under it may have to be told again when it is nobody's newest any more.
  epoch.writes.push_back({.table = ledger::peer_table,
                          .key = made_key(line.grant.epoch),
                          .value = encode(sealer, Line{.grant = line.grant}),
                          .expected = std::nullopt});
  return epoch;
}

Result<EpochGrant> epoch_made(store::Records& records, const api::Sealer& sealer, const EpochId& epoch) {
  const auto row = TRY(records.read(ledger::peer_table, made_key(epoch)));
  const auto line = TRY(decode_line(sealer, row.value));
  return line.grant;
}

Result<EpochGrant> epoch_told(const api::Services& services,
                              const Known& known,
                              const ledger::NodeKeys& keys,
                              const AllianceId& alliance,
                              const std::vector<OrganisationId>& recipients,
                              OutboxBatch& outbox,
                              std::vector<store::Write>& writes) {
  auto epoch =
      TRY(epoch_for(services.store.records(), services.sealer, known, alliance, recipients, services.random));
  if (!epoch.is_new) return epoch.grant;
  for (const auto& [recipient, key] : epoch.seal_to) {
    const auto item = TRY(seal(epoch.grant, keys.statement, key));
    Queued queued{.delivery = {.kind = ItemKind::epoch_key, .to = policy::key_id(key)},
                  .at = services.clock.now()};
    TRY(outbox.add(known.next_hop(recipient, alliance), std::move(queued), item));
  }
  std::ranges::move(epoch.writes, std::back_inserter(writes));
  return epoch.grant;
}

std::vector<store::Write> writes_of(const api::Sealer& sealer, const EpochGrant& grant) {
  return {{.table = ledger::peer_table,
           .key = received_key(grant.origin, grant.epoch),
           .value = encode(sealer, Line{.grant = grant}),
           .expected = std::nullopt},
          {.table = ledger::peer_table,
           .key = origins_prefix(grant.epoch) + grant.origin.text(),
           .value = Bytes(),
           .expected = std::nullopt}};
}

Result<EpochGrant> epoch_received(store::Records& records,
                                  const api::Sealer& sealer,
                                  const OrganisationId& origin,
                                  const EpochId& epoch) {
  const auto row = TRY(records.read(ledger::peer_table, received_key(origin, epoch)));
  const auto line = TRY(decode_line(sealer, row.value));
  return line.grant;
}

Result<const std::vector<SecretKey>*> EpochKeys::of(const EpochId& epoch) {
  if (const auto found = keys_.find(epoch); found != keys_.end()) return &found->second;
  const auto prefix = origins_prefix(epoch);
  std::vector<OrganisationId> origins;
  for (const auto& row : TRY(records_.scan(ledger::peer_table, prefix, "", origins_max))) {
    const auto origin = TRY(OrganisationId::parse(std::string_view(row.key).substr(prefix.size())));
    origins.push_back(origin);
  }
  if (origins.empty()) {
    if (!origins_) TRY(read_all_origins());
    if (const auto found = origins_->find(epoch); found != origins_->end()) origins = found->second;
  }
  std::vector<SecretKey> keys;
  for (const auto& origin : origins) {
    const auto grant = epoch_received(records_, sealer_, origin, epoch);
    if (!grant && grant.error().code != ErrorCode::not_found) return fail(grant.error());
    if (grant) keys.push_back(grant->key);
  }
  return &keys_.emplace(epoch, std::move(keys)).first->second;
}

/// Once, however many envelopes name epochs that nobody gave.
Done EpochKeys::read_all_origins() {
  auto& origins = origins_.emplace();
  const auto note = [&](const store::Record& row) -> Done {
    const auto names = std::string_view(row.key).substr(received_prefix.size());
    const auto slash = names.find('/');
    const auto origin = TRY(OrganisationId::parse(names.substr(0, slash)));
    const auto epoch = TRY(EpochId::parse(names.substr(slash + 1)));
    origins[epoch].push_back(origin);
    return {};
  };
  return store::each_record(records_, ledger::peer_table, received_prefix, rows_at_once, note);
}

}  // namespace shieldwall::exchange::federation
