#pragma once
// Ed25519 signatures (RFC 8032), in the one strict reading that everything here uses: small-order keys and
// non-canonical S are refused.

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace shieldwall {

/// The algorithm byte that stands beside every key and signature in our own formats.
enum class SignatureAlgorithm : std::uint8_t { ed25519 = 1 };

struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  auto operator<=>(const Signature&) const = default;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// errors: invalid unless 64 bytes
  static Result<Signature> from(std::string_view bytes);
};

struct VerifyKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const VerifyKey&) const = default;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// errors: invalid unless 32 bytes
  static Result<VerifyKey> from(std::string_view bytes);
};

bool verifies(const VerifyKey& key, std::string_view message, const Signature& signature);

/// A private key. It has no text form, and leaves no trace in memory behind.
class SigningKey {
 public:
  static constexpr std::size_t seed_bytes = 32;

  static SigningKey make(Random& random);
  /// errors: invalid unless `seed_bytes` long
  static Result<SigningKey> from_seed(std::string_view seed);

  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  Signature sign(std::string_view message) const;
  const VerifyKey& verify_key() const { return verify_key_; }
  /// For the key file alone.
  std::string_view seed() const;

 private:
  SigningKey() = default;

  std::array<std::uint8_t, 64> secret_{};  // seed, then public key: libsodium's form
  VerifyKey verify_key_;
};

}  // namespace shieldwall
