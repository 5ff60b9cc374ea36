#include "exchange/federation/envelope.h"

#include <algorithm>
#include <bit>

#include <sodium.h>

#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t envelope_version = 1;
constexpr std::uint8_t contents_version = 1;
constexpr std::uint8_t grant_version = 1;
constexpr std::string_view grant_domain = "shieldwall/epoch/v1";
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t wrapped_bytes = nonce_bytes + sizeof(SecretKey::bytes) + tag_bytes;
constexpr std::size_t padded_least = 1'024;
constexpr std::size_t signed_statement_bytes_max = 2u << 20;  // a label of 1 MiB, and the rest

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

/// Appends nonce, then ciphertext.
void encrypt(
    Bytes& out, std::string_view content, std::string_view bound, const SecretKey& key, Random& random) {
  const auto nonce_at = out.size();
  out += random.bytes(nonce_bytes);
  out.resize(out.size() + content.size() + tag_bytes);
  auto* const nonce = raw(out) + nonce_at;
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + nonce_bytes,
                                             nullptr,
                                             raw(content),
                                             content.size(),
                                             raw(bound),
                                             bound.size(),
                                             nullptr,
                                             nonce,
                                             key.bytes.data());
}

Result<Bytes> decrypt(std::string_view sealed, std::string_view bound, const SecretKey& key) {
  if (sealed.size() < nonce_bytes + tag_bytes) return fail(ErrorCode::invalid, "sealed bytes are cut off");
  Bytes content(sealed.size() - nonce_bytes - tag_bytes, '\0');
  const auto body = sealed.substr(nonce_bytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(content),
                                                 nullptr,
                                                 nullptr,
                                                 raw(body),
                                                 body.size(),
                                                 raw(bound),
                                                 bound.size(),
                                                 raw(sealed),
                                                 key.bytes.data()) != 0)
    return fail(ErrorCode::invalid, "sealed under another key, or altered");
  return content;
}

void write(ByteWriter& out, const EnvelopeHeader& header) {
  out.number(envelope_version);
  out.uuid(header.epoch.uuid);
  out.digest(header.commitment);
  out.number(header.expires.us);
  out.uuid(header.realm.uuid);
  out.number(header.padded_bytes);
}

Bytes bytes_of(const EnvelopeHeader& header) {
  ByteWriter out;
  write(out, header);
  return std::move(out).take();
}

Result<EnvelopeHeader> read_header(ByteReader& in) {
  if (TRY(in.number<std::uint8_t>()) != envelope_version)
    return in.refuse("a version this program does not know");
  EnvelopeHeader header;
  header.epoch.uuid = TRY(in.uuid());
  header.commitment = TRY(in.digest());
  header.expires.us = TRY(in.number<std::int64_t>());
  header.realm.uuid = TRY(in.uuid());
  header.padded_bytes = TRY(in.number<std::uint32_t>());
  return header;
}

Bytes encode(const Contents& contents) {
  ByteWriter out;
  out.number(contents_version);
  out.counted(policy::encode(contents.statement));
  out.digest(contents.secret);
  out.counted(contents.object);
  return std::move(out).take();
}

Result<Contents> decode_contents(std::string_view bytes) {
  ByteReader in(bytes, "sealed contents");
  if (TRY(in.number<std::uint8_t>()) != contents_version)
    return in.refuse("a version this program does not know");
  Contents contents;
  const auto statement = TRY(in.counted(signed_statement_bytes_max));
  contents.statement = TRY(policy::decode_signed_statement(statement));
  contents.secret = TRY(in.digest());
  contents.object = TRY(in.counted(object_bytes_max));
  if (in.rest().find_first_not_of('\0') != std::string_view::npos)
    return in.refuse("the padding is not empty");
  return contents;
}

SecretKey key_of(std::string_view bytes) {
  SecretKey key;
  std::copy_n(bytes.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

}  // namespace

std::size_t padded_size(std::size_t bytes) {
  if (bytes <= padded_least) return padded_least;
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

Result<Bytes> seal(const EnvelopeHeader& given,
                   const Contents& contents,
                   const SecretKey& epoch_key,
                   Random& random) {
  if (contents.object.size() > object_bytes_max)
    return fail(ErrorCode::exhausted,
                "an object of {} bytes; an envelope takes {}",
                contents.object.size(),
                object_bytes_max);
  auto plain = encode(contents);
  auto header = given;
  header.padded_bytes = static_cast<std::uint32_t>(padded_size(plain.size()));
  plain.resize(header.padded_bytes);
  auto key = random.bytes(sizeof(SecretKey::bytes));
  const auto bound = bytes_of(header);
  auto bytes = bound;
  bytes.reserve(bound.size() + wrapped_bytes + nonce_bytes + plain.size() + tag_bytes);
  encrypt(bytes, key, bound, epoch_key, random);
  encrypt(bytes, plain, bound, key_of(key), random);
  sodium_memzero(key.data(), key.size());
  return bytes;
}

Result<Contents> open(const Envelope& envelope, const SecretKey& epoch_key) {
  const auto bound = bytes_of(envelope.header);
  auto key = TRY(decrypt(envelope.wrapped_key, bound, epoch_key));
  auto plain = decrypt(envelope.sealed, bound, key_of(key));
  sodium_memzero(key.data(), key.size());
  if (!plain) return fail(std::move(plain).error());
  return decode_contents(*plain);
}

Bytes encode(const Envelope& envelope) {
  ByteWriter out;
  write(out, envelope.header);
  out.raw(envelope.wrapped_key);
  out.raw(envelope.sealed);
  return std::move(out).take();
}

Result<Envelope> decode_envelope(std::string_view bytes) {
  if (bytes.size() > envelope_bytes_max)
    return fail(ErrorCode::exhausted, "an envelope of more than {} bytes", envelope_bytes_max);
  ByteReader in(bytes, "envelope");
  Envelope envelope;
  envelope.header = TRY(read_header(in));
  envelope.wrapped_key = TRY(in.raw(wrapped_bytes));
  envelope.sealed = in.rest();
  if (envelope.sealed.size() != nonce_bytes + envelope.header.padded_bytes + tag_bytes)
    return in.refuse("the sealed part is not as long as the header says");
  return envelope;
}

Result<EnvelopeHeader> header_of(std::string_view bytes) {
  auto envelope = TRY(decode_envelope(bytes));
  return envelope.header;
}

Result<Bytes> seal(const EpochGrant& grant, const SigningKey& signer, const policy::MemberKey& member) {
  ByteWriter text;
  text.raw(grant_domain);
  text.number(grant_version);
  text.uuid(grant.alliance.uuid);
  text.uuid(grant.origin.uuid);
  text.uuid(grant.epoch.uuid);
  text.number(grant.number);
  text.digest(grant.audience);
  text.digest(grant.key);
  auto content = std::move(text).take();
  content += signer.sign(content).view();
  auto box = ledger::seal_to(member.key, content);
  sodium_memzero(content.data(), content.size());
  if (!box) return fail(std::move(box).error());
  return Bytes(policy::key_id(member).view()) + *box;
}

Result<OpenedGrant> open_grant(std::string_view bytes, const ledger::NodeKeys& keys) {
  if (bytes.size() < sizeof(Digest::bytes)) return fail(ErrorCode::invalid, "an epoch key that is cut off");
  const auto content = TRY(keys.open(bytes.substr(sizeof(Digest::bytes))));
  ByteReader in(content, "epoch key");
  OpenedGrant opened;
  if (TRY(in.raw(grant_domain.size())) != grant_domain) return in.refuse("not an epoch key");
  if (TRY(in.number<std::uint8_t>()) != grant_version)
    return in.refuse("a version this program does not know");
  opened.grant.alliance.uuid = TRY(in.uuid());
  opened.grant.origin.uuid = TRY(in.uuid());
  opened.grant.epoch.uuid = TRY(in.uuid());
  opened.grant.number = TRY(in.number<std::uint32_t>());
  opened.grant.audience = TRY(in.digest());
  opened.grant.key = TRY(in.digest());
  const auto signature = in.rest();
  opened.text = content.substr(0, content.size() - signature.size());
  opened.signature = TRY(Signature::from(signature));
  return opened;
}

}  // namespace shieldwall::exchange::federation
