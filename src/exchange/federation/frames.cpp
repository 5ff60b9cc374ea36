#include "exchange/federation/frames.h"

#include <algorithm>

#include "exchange/federation/envelope.h"
#include "exchange/federation/invite.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t form_version = 1;
constexpr std::string_view chain_domain = "shieldwall/delivery/v1";
constexpr std::string_view ack_domain = "shieldwall/ack/v1";
constexpr std::size_t stand_bytes = 20;
constexpr std::size_t delivery_bytes = 8 + 1 + 32 + 32 + 4;
constexpr std::size_t receipt_bytes = 8 + 1 + 32 + 4;
constexpr std::size_t code_bytes_max = 64;
constexpr std::size_t self_bytes_max = 2u << 20;  // one member of 1 MiB and its signature

Done check_form(ByteReader& in) {
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  return {};
}

void write_stand(ByteWriter& out, const RosterStand& stand) {
  out.uuid(stand.alliance.uuid);
  out.number(stand.version);
}

Result<RosterStand> read_stand(ByteReader& in) {
  RosterStand stand;
  stand.alliance.uuid = TRY(in.uuid());
  stand.version = TRY(in.number<std::uint32_t>());
  return stand;
}

Result<std::vector<RosterStand>> read_stands(ByteReader& in) {
  return in.ascending_list(alliances_max, stand_bytes, read_stand);
}

void write_delivery(ByteWriter& out, const Delivery& delivery) {
  out.number(delivery.number);
  out.number(static_cast<std::uint8_t>(delivery.kind));
  out.digest(delivery.to);
  out.digest(delivery.digest);
  out.counted(delivery.item);
}

Result<Delivery> read_delivery(ByteReader& in) {
  Delivery delivery;
  delivery.number = TRY(in.number<std::uint64_t>());
  const auto kind = TRY(in.number<std::uint8_t>());
  if (kind < 1 || kind > 5) return in.refuse("no such kind of item");
  delivery.kind = static_cast<ItemKind>(kind);
  delivery.to = TRY(in.digest());
  delivery.digest = TRY(in.digest());
  delivery.item = TRY(in.counted(envelope_bytes_max));
  const bool withdrawn = delivery.kind == ItemKind::withdrawn;
  if (withdrawn ? !delivery.item.empty() : sha256(delivery.item) != delivery.digest)
    return in.refuse("the item is not the one its digest names");
  return delivery;
}

void write_receipt(ByteWriter& out, const Receipt& receipt) {
  out.number(receipt.number);
  out.number(static_cast<std::uint8_t>(receipt.fate));
  out.digest(receipt.statement);
  out.counted(receipt.reason);
}

Result<Receipt> read_receipt(ByteReader& in) {
  Receipt receipt;
  receipt.number = TRY(in.number<std::uint64_t>());
  const auto fate = TRY(in.number<std::uint8_t>());
  if (fate < 1 || fate > 3) return in.refuse("no such fate");
  receipt.fate = static_cast<Fate>(fate);
  receipt.statement = TRY(in.digest());
  receipt.reason = TRY(in.line(0, reason_bytes_max));
  return receipt;
}

void write_unsigned(ByteWriter& out, const Ack& ack) {
  out.number(form_version);
  out.uuid(ack.from.uuid);
  out.uuid(ack.by.uuid);
  out.number(ack.last);
  out.digest(ack.chain);
  out.number(ack.at.us);
  out.list(ack.receipts, write_receipt);
}

Bytes text_of(const Ack& ack) {
  ByteWriter out;
  out.raw(ack_domain);
  write_unsigned(out, ack);
  return std::move(out).take();
}

Result<Ack> read_ack(ByteReader& in) {
  TRY(check_form(in));
  Ack ack;
  ack.from.uuid = TRY(in.uuid());
  ack.by.uuid = TRY(in.uuid());
  ack.last = TRY(in.number<std::uint64_t>());
  ack.chain = TRY(in.digest());
  ack.at.us = TRY(in.number<std::int64_t>());
  ack.receipts = TRY(in.ascending_list(page_deliveries_max, receipt_bytes, read_receipt));
  const auto signature = TRY(in.raw(sizeof(Signature::bytes)));
  ack.signature = TRY(Signature::from(signature));
  return ack;
}

AllianceId alliance_of(std::string_view code) {
  return AllianceId{Uuid::named(Uuid{}, "shieldwall join " + to_hex(code))};
}

}  // namespace

Result<std::uint32_t> version_for(const Hello& mine, const Hello& theirs) {
  const auto newest = std::min(mine.newest, theirs.newest);
  if (newest < std::max(mine.oldest, theirs.oldest))
    return fail(
        ErrorCode::invalid,
        "they speak versions {} to {} of the members' protocol, this node {} to {}: upgrade the older one",
        theirs.oldest,
        theirs.newest,
        mine.oldest,
        mine.newest);
  return newest;
}

Digest chain_after(const Digest& before, const Delivery& delivery) {
  ByteWriter out;
  out.raw(chain_domain);
  out.digest(before);
  out.number(delivery.number);
  out.digest(delivery.to);
  out.digest(delivery.digest);
  return sha256(std::move(out).take());
}

void sign(Ack& ack, const SigningKey& key) {
  ack.signature = key.sign(text_of(ack));
}

bool verifies(const Ack& ack, const VerifyKey& key) {
  return shieldwall::verifies(key, text_of(ack), ack.signature);
}

Bytes encode(const Hello& hello) {
  ByteWriter out;
  out.number(form_version);
  out.number(hello.oldest);
  out.number(hello.newest);
  out.uuid(hello.organisation.uuid);
  out.list(hello.rosters, write_stand);
  return std::move(out).take();
}

Result<Hello> decode_hello(std::string_view bytes) {
  ByteReader in(bytes, "hello");
  TRY(check_form(in));
  Hello hello;
  hello.oldest = TRY(in.number<std::uint32_t>());
  hello.newest = TRY(in.number<std::uint32_t>());
  if (hello.oldest > hello.newest) return in.refuse("the oldest version is newer than the newest");
  hello.organisation.uuid = TRY(in.uuid());
  hello.rosters = TRY(read_stands(in));
  TRY(in.finish());
  return hello;
}

Bytes encode(const Page& page) {
  std::size_t bytes_about = 1'024;
  for (const auto& delivery : page.deliveries) bytes_about += delivery_bytes + delivery.item.size();
  ByteWriter out(bytes_about);
  out.number(form_version);
  out.list(page.rosters, write_stand);
  out.digest(page.chain);
  out.list(page.deliveries, write_delivery);
  out.number(std::uint8_t{page.more});
  return std::move(out).take();
}

Result<Page> decode_page(std::string_view bytes) {
  if (bytes.size() > page_bytes_max)
    return fail(ErrorCode::exhausted, "a page of more than {} bytes", page_bytes_max);
  ByteReader in(bytes, "page of deliveries");
  TRY(check_form(in));
  Page page;
  page.rosters = TRY(read_stands(in));
  page.chain = TRY(in.digest());
  page.deliveries = TRY(in.ascending_list(page_deliveries_max, delivery_bytes, read_delivery));
  for (std::size_t i = 1; i < page.deliveries.size(); ++i)
    if (page.deliveries[i].number != page.deliveries[i - 1].number + 1)
      return in.refuse("a number is left out");
  page.more = TRY(in.flag());
  TRY(in.finish());
  return page;
}

Bytes encode(const Ack& ack) {
  ByteWriter out;
  write_unsigned(out, ack);
  out.raw(ack.signature.view());
  return std::move(out).take();
}

Result<Ack> decode_ack(std::string_view bytes) {
  ByteReader in(bytes, "acknowledgement");
  auto ack = TRY(read_ack(in));
  TRY(in.finish());
  return ack;
}

Bytes encode(const Poll& poll) {
  ByteWriter out;
  out.number(form_version);
  out.list(poll.rosters, write_stand);
  out.number(poll.wait_ms);
  out.raw(encode(poll.ack));
  return std::move(out).take();
}

Result<Poll> decode_poll(std::string_view bytes) {
  ByteReader in(bytes, "poll");
  TRY(check_form(in));
  Poll poll;
  poll.rosters = TRY(read_stands(in));
  poll.wait_ms = TRY(in.number<std::uint32_t>());
  poll.ack = TRY(read_ack(in));
  TRY(in.finish());
  return poll;
}

JoinRequest make_join_request(std::string_view code,
                              const policy::RosterMember& member,
                              const SigningKey& root) {
  JoinRequest request{.code = Bytes(code)};
  request.self.roster = {
      .alliance = alliance_of(code), .name = "join", .founders = {member.organisation}, .members = {member}};
  ledger::sign(request.self, member.organisation, root);
  return request;
}

Bytes encode(const JoinRequest& request) {
  ByteWriter out;
  out.number(form_version);
  out.counted(request.code);
  out.counted(ledger::encode(request.self));
  return std::move(out).take();
}

Result<JoinRequest> decode_join_request(std::string_view bytes) {
  ByteReader in(bytes, "request to join");
  TRY(check_form(in));
  JoinRequest request;
  request.code = TRY(in.counted(code_bytes_max));
  const auto self = TRY(in.counted(self_bytes_max));
  TRY(in.finish());
  request.self = TRY(ledger::decode_signed_roster(self));
  const auto& roster = request.self.roster;
  if (roster.members.size() != 1 || roster.alliance != alliance_of(request.code))
    return in.refuse("not made for this invitation");
  TRY(ledger::verify(request.self, nullptr));
  return request;
}

}  // namespace shieldwall::exchange::federation
