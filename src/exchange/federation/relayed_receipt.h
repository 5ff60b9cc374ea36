#pragma once
// What became of a delivery that a relay brought, told to its origin past that relay: signed by who took it,
// sealed to the origin, carried like any delivery. docs/formats/federation.md.

#include "exchange/federation/frames.h"
#include "ledger/keys.h"
#include "policy/roster.h"

namespace shieldwall::exchange::federation {

struct RelayedReceipt {
  OrganisationId by{};  // who took, or refused
  OrganisationId to{};  // origin of the statement
  Digest statement{};   // statement_digest
  Fate fate = Fate::taken;
  Timestamp at{};
  std::string reason{};  // one line for people
  auto operator<=>(const RelayedReceipt&) const = default;
};

/// As it was signed: kept so by the origin, as evidence.
struct SignedReceipt {
  RelayedReceipt receipt{};
  Signature signature{};
  auto operator<=>(const SignedReceipt&) const = default;
};

SignedReceipt signed_receipt(const RelayedReceipt& receipt, const SigningKey& key);
bool verifies(const SignedReceipt& receipt, const VerifyKey& key);

Bytes encode(const SignedReceipt& receipt);
/// Only canonical bytes are taken. errors: invalid
Result<SignedReceipt> decode_signed_receipt(std::string_view bytes);

/// For the member whose key that is: key id, box. errors: invalid
Result<Bytes> seal(const SignedReceipt& receipt, const policy::MemberKey& member);
/// Verifies no signature: who opens it knows the signer's keys. errors: invalid
Result<SignedReceipt> open_receipt(std::string_view bytes, const ledger::NodeKeys& keys);

/// Row of the outbox's table under which the origin keeps it.
std::string relayed_receipt_key(const Digest& statement, const OrganisationId& by);
inline constexpr std::string_view relayed_receipts = "relayed-receipt/";
/// Kept of one member on a day: nobody recalls more, and who tells more fills no disk.
inline constexpr std::uint64_t relayed_receipts_per_day = 100'000;
/// Names their count, a ledger::DayCount.
std::string relayed_receipt_count(const OrganisationId& by);

}  // namespace shieldwall::exchange::federation
