#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>

// A field tree is some eighty digests of a few words each: through EVP each takes an allocation, a look-up
// and two indirect calls, thrice the time of the digest itself. These are the same routines, called directly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sodium.h>

namespace shieldwall {

namespace {

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string encode_base64(std::string_view bytes, int variant) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), raw(bytes), bytes.size(), variant);
  text.pop_back();  // libsodium counts the terminating zero
  return text;
}

Result<Bytes> decode_base64(std::string_view text, int variant) {
  Bytes bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int status = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()),
                                       bytes.size(),
                                       text.data(),
                                       text.size(),
                                       nullptr,
                                       &size,
                                       &end,
                                       variant);
  if (status != 0 || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "not base64 (RFC 4648) of {} characters", text.size());
  bytes.resize(size);
  return bytes;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Digest::hex() const {
  return to_hex(view());
}

Result<Digest> Digest::parse(std::string_view hex) {
  if (hex.size() != 64)
    return fail(ErrorCode::invalid, "a SHA-256 digest has 64 hexadecimal digits, not {}", hex.size());
  const auto bytes = TRY(from_hex(hex));
  Digest digest;
  std::memcpy(digest.bytes.data(), bytes.data(), digest.bytes.size());
  return digest;
}

namespace {

static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= 8, "Sha256 keeps one of these");

SHA256_CTX* state_of(std::array<unsigned char, 112>& kept) {
  return reinterpret_cast<SHA256_CTX*>(kept.data());
}

Digest finished(SHA256_CTX& state) {
  Digest digest;
  SHA256_Final(digest.bytes.data(), &state);
  return digest;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, bytes.data(), bytes.size());
  return finished(state);
}

Sha256::Sha256() {
  SHA256_Init(state_of(state_));
}

void Sha256::add(std::string_view bytes) {
  SHA256_Update(state_of(state_), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  return finished(*state_of(state_));
}

// By hand: OpenSSL's HMAC searches its providers at each call, longer than a short text takes.
HmacKey::HmacKey(std::string_view key) {
  constexpr char inner_pad = 0x36;
  constexpr char outer_pad = 0x5c;
  std::array<char, 64> block{};
  const auto hashed = key.size() > block.size() ? std::optional(sha256(key)) : std::nullopt;
  std::ranges::copy(hashed ? hashed->view() : key, block.begin());
  for (char& c : block) c = static_cast<char>(c ^ inner_pad);
  inside_.add({block.data(), block.size()});
  for (char& c : block) c = static_cast<char>(c ^ inner_pad ^ outer_pad);
  outside_.add({block.data(), block.size()});
  sodium_memzero(block.data(), block.size());
}

HmacKey::~HmacKey() {
  sodium_memzero(inside_.state_.data(), inside_.state_.size());
  sodium_memzero(outside_.state_.data(), outside_.state_.size());
}

Digest HmacKey::of(std::span<const std::string_view> pieces) const {
  auto inside = inside_;
  for (const auto piece : pieces) inside.add(piece);
  auto outside = outside_;
  outside.add(inside.finish().view());
  return outside.finish();
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  return HmacKey(key).of(bytes);
}

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorCode::invalid, "hexadecimal text has an odd number of digits");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0)
      return fail(ErrorCode::invalid, "not a hexadecimal digit at offset {}", high < 0 ? i : i + 1);
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  return encode_base64(bytes, sodium_base64_VARIANT_ORIGINAL);
}

Result<Bytes> from_base64(std::string_view text) {
  return decode_base64(text, sodium_base64_VARIANT_ORIGINAL);
}

std::string to_base64url(std::string_view bytes) {
  return encode_base64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

Result<Bytes> from_base64url(std::string_view text) {
  return decode_base64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace shieldwall
