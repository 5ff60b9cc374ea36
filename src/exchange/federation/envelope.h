#pragma once
// The envelope: a statement and its object's bytes, sealed so that whoever carries them learns where they go
// next, a padded size, a commitment, an expiry and a realm, and nothing else. docs/formats/envelope.md.
//
// One random key for each envelope, wrapped by the epoch key of (origin, audience, epoch); the origin seals
// an epoch key once to each member organisation's roster key, as a grant.

#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/keys.h"
#include "policy/batch.h"
#include "policy/field_tree.h"

namespace shieldwall::exchange::federation {

inline constexpr std::size_t object_bytes_max = 32u << 20;  // as one document of every other door
inline constexpr std::size_t envelope_bytes_max = 40u << 20;

using EpochId = Id<struct EpochTag>;
using SecretKey = Digest;  // 32 bytes for XChaCha20-Poly1305

/// What whoever carries the envelope sees.
struct EnvelopeHeader {
  EpochId epoch{};
  Digest commitment{};                     // the statement's
  Timestamp expires = Timestamp::never();  // the label's end: carried no longer
  policy::Realm realm{};
  std::uint32_t padded_bytes = 0;  // of what is sealed
  auto operator<=>(const EnvelopeHeader&) const = default;
};

/// An envelope's parts, as they stand in the bytes that it was read from.
struct Envelope {
  EnvelopeHeader header{};
  std::string_view wrapped_key{};  // nonce, then the envelope's key under the epoch key
  std::string_view sealed{};       // nonce, then the contents under the envelope's key
};

/// What is inside.
struct Contents {
  policy::SignedStatement statement{};
  policy::VersionSecret secret{};  // opens the commitment and the field tree
  Bytes object{};                  // the original bytes; empty for a recall
  auto operator<=>(const Contents&) const = default;
};

/// The size that contents of `bytes` are padded to: at most an eighth more, and at least 1 KiB, so that the
/// length of what is carried tells little of what it is.
std::size_t padded_size(std::size_t bytes);

/// The envelope's bytes. errors: exhausted: larger than an envelope may be
Result<Bytes> seal(const EnvelopeHeader& header,
                   const Contents& contents,
                   const SecretKey& epoch_key,
                   Random& random);
/// Verifies neither statement nor commitment. errors: invalid: another key, or altered
Result<Contents> open(const Envelope& envelope, const SecretKey& epoch_key);

Bytes encode(const Envelope& envelope);
/// Only canonical bytes are taken, and they are kept by the caller. errors: invalid, exhausted
Result<Envelope> decode_envelope(std::string_view bytes);
/// The header alone, for who carries it. errors: as decode_envelope
Result<EnvelopeHeader> header_of(std::string_view bytes);

/// An epoch key for one member organisation: what the origin seals to that member's key.
struct EpochGrant {
  AllianceId alliance{};
  OrganisationId origin{};
  EpochId epoch{};
  std::uint32_t number = 0;  // of this audience's epochs, from 1
  Digest audience{};         // audience_digest of those it is meant for
  SecretKey key{};
  auto operator<=>(const EpochGrant&) const = default;
};

/// Signed by the origin's statement key, then sealed: key id of the member's key, box.
Result<Bytes> seal(const EpochGrant& grant, const SigningKey& signer, const policy::MemberKey& member);
struct OpenedGrant {
  EpochGrant grant{};
  Bytes text{};  // what the origin signed
  Signature signature{};
};
/// Verifies no signature: who opens it knows the origin's keys. errors: invalid
Result<OpenedGrant> open_grant(std::string_view bytes, const ledger::NodeKeys& keys);

}  // namespace shieldwall::exchange::federation
