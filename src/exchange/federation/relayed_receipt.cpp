#include "exchange/federation/relayed_receipt.h"

#include <fmt/format.h>

#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::string_view receipt_domain = "shieldwall/receipt/v1";
constexpr std::uint8_t receipt_version = 1;

Bytes text_of(const RelayedReceipt& receipt) {
  ByteWriter out;
  out.raw(receipt_domain);
  out.number(receipt_version);
  out.uuid(receipt.by.uuid);
  out.uuid(receipt.to.uuid);
  out.digest(receipt.statement);
  out.number(static_cast<std::uint8_t>(receipt.fate));
  out.number(receipt.at.us);
  out.counted(receipt.reason);
  return std::move(out).take();
}

}  // namespace

SignedReceipt signed_receipt(const RelayedReceipt& receipt, const SigningKey& key) {
  return {receipt, key.sign(text_of(receipt))};
}

bool verifies(const SignedReceipt& receipt, const VerifyKey& key) {
  return verifies(key, text_of(receipt.receipt), receipt.signature);
}

Bytes encode(const SignedReceipt& receipt) {
  return text_of(receipt.receipt) + Bytes(receipt.signature.view());
}

Result<SignedReceipt> decode_signed_receipt(std::string_view bytes) {
  ByteReader in(bytes, "receipt");
  SignedReceipt read;
  auto& receipt = read.receipt;
  if (TRY(in.raw(receipt_domain.size())) != receipt_domain) return in.refuse("not a receipt");
  if (TRY(in.number<std::uint8_t>()) != receipt_version)
    return in.refuse("a version this program does not know");
  receipt.by.uuid = TRY(in.uuid());
  receipt.to.uuid = TRY(in.uuid());
  receipt.statement = TRY(in.digest());
  const auto fate = TRY(in.number<std::uint8_t>());
  if (fate < static_cast<std::uint8_t>(Fate::refused) || fate > static_cast<std::uint8_t>(Fate::again))
    return in.refuse("a fate that is not told this way");
  receipt.fate = static_cast<Fate>(fate);
  receipt.at.us = TRY(in.number<std::int64_t>());
  receipt.reason = TRY(in.line(0, reason_bytes_max));
  const auto signature = in.rest();
  read.signature = TRY(Signature::from(signature));
  return read;
}

Result<Bytes> seal(const SignedReceipt& receipt, const policy::MemberKey& member) {
  const auto box = TRY(ledger::seal_to(member.key, encode(receipt)));
  return Bytes(policy::key_id(member).view()) + box;
}

Result<SignedReceipt> open_receipt(std::string_view bytes, const ledger::NodeKeys& keys) {
  if (bytes.size() < sizeof(Digest::bytes)) return fail(ErrorCode::invalid, "a receipt that is cut off");
  const auto content = TRY(keys.open(bytes.substr(sizeof(Digest::bytes))));
  return decode_signed_receipt(content);
}

std::string relayed_receipt_count(const OrganisationId& by) {
  return "receipt-quota/" + by.text();
}

std::string relayed_receipt_key(const Digest& statement, const OrganisationId& by) {
  return fmt::format("{}{}/{}", relayed_receipts, statement.hex(), by.text());
}

}  // namespace shieldwall::exchange::federation
