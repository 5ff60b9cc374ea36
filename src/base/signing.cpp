#include "base/signing.h"

#include <algorithm>

#include <sodium.h>

namespace shieldwall {

namespace {

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <typename Fixed>
Result<Fixed> fixed_from(std::string_view bytes, std::string_view what) {
  Fixed fixed;
  if (bytes.size() != fixed.bytes.size())
    return fail(ErrorCode::invalid, "{} of {} bytes; it has {}", what, bytes.size(), fixed.bytes.size());
  std::ranges::copy(bytes, fixed.bytes.begin());
  return fixed;
}

}  // namespace

Result<Signature> Signature::from(std::string_view bytes) {
  return fixed_from<Signature>(bytes, "an Ed25519 signature");
}

Result<VerifyKey> VerifyKey::from(std::string_view bytes) {
  return fixed_from<VerifyKey>(bytes, "an Ed25519 public key");
}

bool verifies(const VerifyKey& key, std::string_view message, const Signature& signature) {
  return crypto_sign_verify_detached(
             signature.bytes.data(), raw(message), message.size(), key.bytes.data()) == 0;
}

SigningKey SigningKey::make(Random& random) {
  auto seed = random.bytes(seed_bytes);
  auto key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return *key;
}

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
  if (seed.size() != seed_bytes)
    return fail(ErrorCode::invalid, "a private key of {} bytes; it has {}", seed.size(), seed_bytes);
  SigningKey key;
  crypto_sign_seed_keypair(key.verify_key_.bytes.data(), key.secret_.data(), raw(seed));
  return key;
}

SigningKey::~SigningKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

Signature SigningKey::sign(std::string_view message) const {
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, raw(message), message.size(), secret_.data());
  return signature;
}

std::string_view SigningKey::seed() const {
  return {reinterpret_cast<const char*>(secret_.data()), seed_bytes};
}

}  // namespace shieldwall
