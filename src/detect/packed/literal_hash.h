#pragma once
// The hash under which a literal is found. Which keys collide must be unknown to whoever writes indicators or
// logs, so it is keyed; it is asked several times an event, so it is inline and has few rounds.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "detect/literal.h"

namespace shieldwall::detect {

static_assert(std::endian::native == std::endian::little, "packed tables are read as they lie");

struct HashKey {
  std::uint64_t k0 = 0, k1 = 0;
  bool operator==(const HashKey&) const = default;
};

class SipState {
 public:
  explicit SipState(const HashKey& key)
      : v0_(key.k0 ^ 0x736f6d6570736575u),
        v1_(key.k1 ^ 0x646f72616e646f6du),
        v2_(key.k0 ^ 0x6c7967656e657261u),
        v3_(key.k1 ^ 0x7465646279746573u) {}

  void add(std::uint64_t block) {
    v3_ ^= block;
    round();
    v0_ ^= block;
  }

  std::uint64_t finish() {
    v2_ ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_, v1_ = std::rotl(v1_, 13), v1_ ^= v0_, v0_ = std::rotl(v0_, 32);
    v2_ += v3_, v3_ = std::rotl(v3_, 16), v3_ ^= v2_;
    v0_ += v3_, v3_ = std::rotl(v3_, 21), v3_ ^= v0_;
    v2_ += v1_, v1_ = std::rotl(v1_, 17), v1_ ^= v2_, v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

/// Up to six bytes as a number, the first lowest.
inline std::uint64_t few_bytes(const char* at, std::size_t size) {
  if (size >= 4) {
    std::uint32_t first, last;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + size - 4, 4);
    return first | static_cast<std::uint64_t>(last) << (8 * size - 32);
  }
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i)
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  return out;
}

/// SipHash-1-3 (Aumasson and Bernstein) of the kind's byte followed by the key.
inline std::uint64_t literal_hash(const HashKey& hash_key, LiteralKind kind, std::string_view key) noexcept {
  SipState state(hash_key);
  const std::uint64_t length = static_cast<std::uint64_t>(key.size() + 1) << 56;
  const char* at = key.data();
  const auto size = key.size();
  const auto eight = [](const char* from) {
    std::uint64_t block;
    std::memcpy(&block, from, 8);
    return block;
  };
  if (size < 7) {
    state.add(few_bytes(at, size) << 8 | static_cast<std::uint64_t>(kind) | length);
    return state.finish();
  }
  if (size == 7) {
    state.add((few_bytes(at, 4) | few_bytes(at + 4, 3) << 32) << 8 | static_cast<std::uint64_t>(kind));
    state.add(length);
    return state.finish();
  }
  state.add(eight(at) << 8 | static_cast<std::uint64_t>(kind));
  const char* const end = at + size;
  for (at += 7; end - at >= 8; at += 8) state.add(eight(at));
  const auto left = static_cast<unsigned>(end - at);
  state.add(left == 0 ? length : eight(end - 8) >> (64 - 8 * left) | length);
  return state.finish();
}

/// What is asked of the filter before a name is asked with all that are above it: its last two labels.
inline std::string_view domain_tail(std::string_view name) noexcept {
  const auto last = name.rfind('.');
  if (last == name.npos || last == 0) return name;
  const auto before = name.rfind('.', last - 1);
  return before == name.npos ? name : name.substr(before + 1);
}

inline constexpr std::size_t network_head_bytes = 4;

}  // namespace shieldwall::detect
