#include "base/ids.h"

#include <cstring>

#include <openssl/evp.h>

#include "base/hash.h"

namespace shieldwall {

namespace {

constexpr std::size_t text_size = 36;

bool is_dash_at(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

/// A table, because the digits of a UUID are random and branches on them are guessed wrong.
constexpr std::array<std::int8_t, 256> hex_digits = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < 16; ++i) {
    table[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::int8_t>(i);
    table[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}();

int hex_digit(char c) {
  return hex_digits[static_cast<unsigned char>(c)];
}

void set_version(Uuid& uuid, int version) {
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | version << 4);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
}

}  // namespace

std::string Uuid::text() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(text_size);
  for (const auto byte : bytes) {
    if (is_dash_at(text.size())) text += '-';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != text_size)
    return fail(ErrorCode::invalid, "a UUID has 36 characters, not {}", text.size());
  Uuid uuid;
  std::size_t nibbles = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    if (is_dash_at(i)) {
      if (text[i] != '-') return fail(ErrorCode::invalid, "a UUID has '-' at offset {}", i);
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return fail(ErrorCode::invalid, "a UUID has hexadecimal digits, offset {} is none", i);
    auto& byte = uuid.bytes[nibbles / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++nibbles;
  }
  return uuid;
}

Result<Uuid> Uuid::of_bytes(std::string_view bytes) {
  Uuid uuid;
  if (bytes.size() != uuid.bytes.size())
    return fail(ErrorCode::invalid, "a UUID has 16 bytes, not {}", bytes.size());
  std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

Uuid Uuid::random(Random& random) {
  Uuid uuid;
  random.fill(uuid.bytes);
  set_version(uuid, 4);
  return uuid;
}

Uuid Uuid::named(const Uuid& name_space, std::string_view name) {
  std::string input(name_space.view());
  input += name;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha1(), nullptr);
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), digest, uuid.bytes.size());
  set_version(uuid, 5);
  return uuid;
}

}  // namespace shieldwall

std::size_t std::hash<shieldwall::Uuid>::operator()(const shieldwall::Uuid& uuid) const noexcept {
  return shieldwall::keyed_hash(uuid.view());
}
