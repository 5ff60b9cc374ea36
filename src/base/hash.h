#pragma once
// Hashing for tables in memory.

#include <cstdint>
#include <string>
#include <string_view>

namespace shieldwall {

/// SipHash-2-4 under a key drawn at start-up: no outsider can make values collide. Not stable across runs.
std::uint64_t keyed_hash(std::string_view bytes) noexcept;

/// SipHash-2-4 under a key of the caller's; stable, for what is stored.
std::uint64_t stored_hash(std::string_view key16, std::string_view bytes) noexcept;

/// For unordered containers keyed by text, looked up by string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
};

}  // namespace shieldwall
