#include "exchange/federation/book.h"

#include <algorithm>

#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t form_version = 1;
constexpr std::uint8_t taken_version = 2;    // 1 kept no secret
constexpr std::uint8_t item_version = 3;     // of rows that name an item: 1 and 2 by its digest alone
constexpr std::uint8_t amended_version = 2;  // of an own release that somebody lost
constexpr std::size_t text_max = 512;
constexpr std::size_t recipients_max = 10'000;
constexpr std::size_t statement_max = 2u << 20;

Done check_form(ByteReader& in) {
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  return {};
}

Result<std::uint8_t> read_item_version(ByteReader& in) {
  const auto version = TRY(in.number<std::uint8_t>());
  if (version < 1 || version > item_version) return in.refuse("a version this program does not know");
  return version;
}

void write_header(ByteWriter& out, const EnvelopeHeader& header) {
  out.uuid(header.epoch.uuid);
  out.digest(header.commitment);
  out.number(header.expires.us);
  out.uuid(header.realm.uuid);
  out.number(header.padded_bytes);
}

Result<EnvelopeHeader> read_header(ByteReader& in) {
  EnvelopeHeader header;
  header.epoch.uuid = TRY(in.uuid());
  header.commitment = TRY(in.digest());
  header.expires.us = TRY(in.number<std::int64_t>());
  header.realm.uuid = TRY(in.uuid());
  header.padded_bytes = TRY(in.number<std::uint32_t>());
  return header;
}

Result<policy::SignedStatement> read_statement(ByteReader& in) {
  const auto bytes = TRY(in.counted(statement_max));
  return policy::decode_signed_statement(bytes);
}

Result<model::ObjectId> read_object(ByteReader& in) {
  const auto text = TRY(in.line(1, text_max));
  return model::ObjectId::parse(text);
}

Result<Recipient> read_recipient(ByteReader& in) {
  Recipient recipient;
  recipient.organisation.uuid = TRY(in.uuid());
  recipient.number = TRY(in.number<std::uint64_t>());
  return recipient;
}

}  // namespace

Bytes encode(const Stand& stand) {
  ByteWriter out;
  out.number(form_version);
  out.number(stand.last);
  out.digest(stand.chain);
  return std::move(out).take();
}

Result<Stand> decode_stand(std::string_view row) {
  ByteReader in(row, "stand of deliveries");
  TRY(check_form(in));
  Stand stand;
  stand.last = TRY(in.number<std::uint64_t>());
  stand.chain = TRY(in.digest());
  TRY(in.finish());
  return stand;
}

Bytes encode(const Queued& queued) {
  ByteWriter out;
  out.number(item_version);
  out.number(queued.delivery.number);
  out.number(static_cast<std::uint8_t>(queued.delivery.kind));
  out.digest(queued.delivery.to);
  out.digest(queued.delivery.digest);
  out.digest(queued.before);
  out.number(queued.at.us);
  out.counted(queued.object);
  out.digest(queued.statement);
  out.number(queued.item_at.us);
  out.number(std::uint8_t{queued.carried});
  return std::move(out).take();
}

Result<Queued> decode_queued(std::string_view row) {
  ByteReader in(row, "queued delivery");
  const auto version = TRY(read_item_version(in));
  Queued queued;
  queued.delivery.number = TRY(in.number<std::uint64_t>());
  queued.delivery.kind = static_cast<ItemKind>(TRY(in.number<std::uint8_t>()));
  queued.delivery.to = TRY(in.digest());
  queued.delivery.digest = TRY(in.digest());
  queued.before = TRY(in.digest());
  queued.at.us = TRY(in.number<std::int64_t>());
  queued.object = TRY(in.line(0, text_max));
  queued.statement = TRY(in.digest());
  queued.item_at = {};
  if (version >= item_version) {
    queued.item_at.us = TRY(in.number<std::int64_t>());
    queued.carried = TRY(in.flag());
  }
  TRY(in.finish());
  return queued;
}

Bytes encode(const OwnRelease& release) {
  const bool is_amended = std::ranges::any_of(release.recipients, &Recipient::has_lost);
  ByteWriter out;
  out.number(item_version);
  out.counted(release.object.text());
  out.counted(release.collection ? release.collection->uuid.view() : std::string_view());
  out.digest(release.content);
  out.counted(policy::encode(release.statement));
  out.digest(release.item);
  out.number(release.at.us);
  out.number(std::uint8_t{release.recalled});
  out.list(release.recipients, [](ByteWriter& to, const Recipient& one) {
    to.uuid(one.organisation.uuid);
    to.number(one.number);
  });
  out.number(release.item_at.us);
  out.number(std::uint8_t{is_amended});
  if (!is_amended) return std::move(out).take();
  for (const auto& one : release.recipients) out.number(std::uint8_t{one.has_lost});
  out.digest(release.lost_item);
  return std::move(out).take();
}

Result<OwnRelease> decode_own_release(std::string_view row) {
  ByteReader in(row, "own release");
  const auto version = TRY(read_item_version(in));
  OwnRelease release;
  release.object = TRY(read_object(in));
  const auto collection = TRY(in.counted(sizeof(Uuid::bytes)));
  if (!collection.empty()) {
    const auto id = TRY(Uuid::of_bytes(collection));
    release.collection = CircleId{id};
  }
  release.content = TRY(in.digest());
  release.statement = TRY(read_statement(in));
  release.item = TRY(in.digest());
  release.at.us = TRY(in.number<std::int64_t>());
  release.recalled = TRY(in.flag());
  release.recipients = TRY(in.ascending_list(recipients_max, 24, read_recipient));
  if (version >= item_version) release.item_at.us = TRY(in.number<std::int64_t>());
  if (version == amended_version || (version >= item_version && TRY(in.flag()))) {
    for (auto& one : release.recipients) one.has_lost = TRY(in.flag());
    release.lost_item = TRY(in.digest());
  }
  TRY(in.finish());
  return release;
}

Bytes encode(const TakenStatement& taken) {
  ByteWriter out;
  out.number(taken_version);
  out.uuid(taken.from.uuid);
  out.number(taken.number);
  out.number(taken.at.us);
  out.number(static_cast<std::uint8_t>(taken.fate));
  out.counted(taken.reason);
  out.counted(taken.object ? taken.object->text() : std::string());
  write_header(out, taken.header);
  out.counted(policy::encode(taken.statement));
  out.number(std::uint8_t{taken.secret.has_value()});
  if (taken.secret) out.digest(*taken.secret);
  return std::move(out).take();
}

Result<TakenStatement> decode_taken(std::string_view row) {
  ByteReader in(row, "statement taken");
  const auto version = TRY(in.number<std::uint8_t>());
  if (version < 1 || version > taken_version) return in.refuse("a version this program does not know");
  TakenStatement taken;
  taken.from.uuid = TRY(in.uuid());
  taken.number = TRY(in.number<std::uint64_t>());
  taken.at.us = TRY(in.number<std::int64_t>());
  taken.fate = static_cast<Fate>(TRY(in.number<std::uint8_t>()));
  taken.reason = TRY(in.line(0, reason_bytes_max));
  const auto object = TRY(in.line(0, text_max));
  if (!object.empty()) taken.object = TRY(model::ObjectId::parse(object));
  taken.header = TRY(read_header(in));
  taken.statement = TRY(read_statement(in));
  if (version > 1 && TRY(in.flag())) taken.secret = TRY(in.digest());
  TRY(in.finish());
  return taken;
}

std::string receipt_key(const OrganisationId& peer, std::uint64_t number) {
  return fmt::format("receipt/{}/{:016}", peer.text(), number);
}
std::string out_key(const OrganisationId& peer) {
  return "out/" + peer.text();
}
std::string queue_prefix(const OrganisationId& peer) {
  return "queue/" + peer.text() + "/";
}
std::string queue_key(const OrganisationId& peer, std::uint64_t number) {
  return fmt::format("queue/{}/{:016}", peer.text(), number);
}
std::string item_key(const Digest& digest, Timestamp item_at) {
  if (item_at == Timestamp{}) return "item/" + digest.hex();
  return fmt::format("item/{:016x}/{}", static_cast<std::uint64_t>(item_at.us), digest.hex());
}
std::string carried_key(const Digest& digest, Timestamp item_at) {
  return fmt::format("{}{:016x}/{}", carried_prefix, static_cast<std::uint64_t>(item_at.us), digest.hex());
}
std::string item_key(const Queued& queued) {
  const auto& digest = queued.delivery.digest;
  return queued.carried ? carried_key(digest, queued.item_at) : item_key(digest, queued.item_at);
}
std::string ack_key(const OrganisationId& peer) {
  return "ack/" + peer.text();
}
std::string in_key(const OrganisationId& peer) {
  return "in/" + peer.text();
}
std::string own_prefix(const model::ObjectId& object) {
  return "own/" + object.text() + "/";
}
std::string own_key(const model::ObjectId& object, const policy::ReleaseId& release) {
  return own_prefix(object) + release.text();
}
std::string taken_prefix(const OrganisationId& origin) {
  return "in/" + origin.text() + "/";
}
std::string taken_key(const OrganisationId& origin, const policy::ReleaseId& release) {
  return taken_prefix(origin) + release.text();
}

}  // namespace shieldwall::exchange::federation
