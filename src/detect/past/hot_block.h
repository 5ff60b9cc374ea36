#pragma once
// One page of the hot part: hashes in order, packed as Elias and Fano do - low bits side by side, high bits
// as a unary code - and beside each the day within its period.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/past/layout.h"

namespace shieldwall::detect::past {

struct HotEntry {
  std::uint64_t hash = 0;
  std::uint32_t day = 0;  // within the period
  auto operator<=>(const HotEntry&) const = default;
};

/// Packs as many of the first of `entries` (sorted, distinct, at least one) into a block as fit; says how
/// many.
std::size_t pack_block(std::span<const HotEntry> entries, std::string& out);
inline constexpr std::size_t block_entries_max = 4000;  // more never fit: each takes 8 bits at least

/// Looks into a block, whatever its bytes are, without reading outside of it.
class HotBlock {
 public:
  /// `bytes` is block_bytes long.
  explicit HotBlock(std::string_view bytes);

  bool is_sound() const { return sound_; }  // as far as its form goes
  bool is_undamaged() const;                // by its checksum
  std::size_t count() const { return header_.count; }

  /// The entries with that hash: their first number and how many.
  std::pair<std::size_t, std::size_t> find(std::uint64_t hash) const;
  std::uint32_t day(std::size_t i) const;
  /// All, in order; empty when it is not sound.
  std::vector<HotEntry> all() const;

 private:
  std::uint64_t word(std::size_t i) const;
  std::uint64_t bits(std::size_t first_word, std::size_t bit, unsigned width) const;
  std::uint64_t low(std::size_t i) const { return bits(0, i * header_.low_bits, header_.low_bits); }

  std::string_view bytes_;
  BlockHeader header_{};
  std::size_t low_words_ = 0;
  bool sound_ = false;
};

}  // namespace shieldwall::detect::past
