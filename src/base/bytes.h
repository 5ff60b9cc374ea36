#pragma once
// Byte strings, fixed-size digests, and the text forms they are written in.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall {

/// Bytes of any kind. Text is UTF-8 and uses the same type.
using Bytes = std::string;

/// SHA-256 of something; the name of bytes in the store and in statements.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;

  std::string hex() const;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// errors: invalid unless 64 hexadecimal digits
  static Result<Digest> parse(std::string_view hex);
};

Digest sha256(std::string_view bytes);

/// SHA-256 over pieces, without joining them first.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// Once; a copy made before goes on from where it was made.
  Digest finish();

 private:
  friend class HmacKey;
  alignas(8) std::array<unsigned char, 112> state_;  // OpenSSL's
};

/// A key of HMAC-SHA-256 (RFC 2104) under which many texts are hashed: its two blocks are hashed once.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;
  Digest of(std::string_view bytes) const { return of({&bytes, 1}); }
  Digest of(std::span<const std::string_view> pieces) const;

 private:
  Sha256 inside_;
  Sha256 outside_;
};

Digest hmac_sha256(std::string_view key, std::string_view bytes);

std::string to_hex(std::string_view bytes);
/// errors: invalid on an odd length or a character outside 0-9 a-f A-F
Result<Bytes> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding.
std::string to_base64(std::string_view bytes);
/// Strict: padding required, no line breaks, no stray bits. errors: invalid
Result<Bytes> from_base64(std::string_view text);
/// RFC 4648 section 5, without padding; for tokens in URLs.
std::string to_base64url(std::string_view bytes);
Result<Bytes> from_base64url(std::string_view text);

/// True when both are equal, in time that depends on the length alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace shieldwall
