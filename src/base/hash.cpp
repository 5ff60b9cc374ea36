#include "base/hash.h"

#include <array>
#include <bit>
#include <cassert>

#include <sodium.h>

namespace shieldwall {

namespace {

using Key = std::array<unsigned char, crypto_shorthash_KEYBYTES>;

const Key& process_key() {
  static const Key key = [] {
    Key fresh;
    randombytes_buf(fresh.data(), fresh.size());
    return fresh;
  }();
  return key;
}

std::uint64_t sip(const unsigned char* key, std::string_view bytes) {
  std::array<unsigned char, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key);
  return std::bit_cast<std::uint64_t>(out);
}

}  // namespace

std::uint64_t keyed_hash(std::string_view bytes) noexcept {
  return sip(process_key().data(), bytes);
}

std::uint64_t stored_hash(std::string_view key16, std::string_view bytes) noexcept {
  assert(key16.size() == crypto_shorthash_KEYBYTES);
  return sip(reinterpret_cast<const unsigned char*>(key16.data()), bytes);
}

}  // namespace shieldwall
