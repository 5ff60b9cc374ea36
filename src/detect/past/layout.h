#pragma once
// What lies where in the files of the past; docs/formats/past.md says it in words.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace shieldwall::detect::past {

inline constexpr std::uint32_t format_version = 1;
inline constexpr unsigned hash_bits =
    56;  // of the 64 that are computed: one in 10^8 strays over 10^9 entries
inline constexpr std::uint32_t period_days = 32;   // a segment holds slices of one period
inline constexpr unsigned slice_bits = 5;          // of a slice within its period
inline constexpr std::size_t block_bytes = 4096;   // of the hot part, read and checked at once
inline constexpr std::size_t header_bytes = 4096;  // so that blocks lie on pages

/// A slice is a day of UTC, numbered from 1970-01-01; days before are day 0.
inline std::uint32_t slice_of(Timestamp at) {
  return at.us <= 0 ? 0 : static_cast<std::uint32_t>(at.us / days(1).us);
}
inline Timestamp begin_of(std::uint32_t slice) {
  return {static_cast<std::int64_t>(slice) * days(1).us};
}

using SegmentId = std::array<std::uint8_t, 16>;

struct HotHeader {  // at the beginning of a .hot file
  char magic[8];
  std::uint32_t version;
  std::uint32_t period;
  std::uint64_t entries;
  std::uint64_t blocks;
  std::uint32_t first_slice, last_slice;
  std::uint64_t directory_at, directory_checksum;  // behind the blocks
  std::uint64_t replaces;                          // ids behind the directory, under its checksum
  std::uint64_t cold_blocks_end;                   // in the .cold file
  std::uint64_t key_check;
  std::uint64_t raw_bytes;  // of the logs that it stands for, unpacked
  SegmentId id;
  std::int64_t written_us;
  std::uint64_t header_checksum;  // of all before
};
static_assert(sizeof(HotHeader) == 120);

struct ColdHeader {  // at the beginning of a .cold file
  char magic[8];
  std::uint32_t version;
  std::uint32_t zero;
  SegmentId id;
  std::uint64_t sources_at, sources_bytes, sources_checksum;
  std::uint64_t header_checksum;
};
static_assert(sizeof(ColdHeader) == 64);

struct DirectoryEntry {  // one a block
  std::uint64_t first_hash;
  std::uint64_t cold_at;  // where the block's rows begin in the .cold file
};

struct BlockHeader {
  std::uint64_t checksum;  // of the rest of the block
  std::uint64_t base;      // the first hash
  std::uint16_t count;
  std::uint8_t low_bits;
  std::uint8_t zero;
  std::uint32_t high_words;
};
static_assert(sizeof(BlockHeader) == 24);

inline constexpr std::string_view hot_magic{"SWpastH", 8};
inline constexpr std::string_view cold_magic{"SWpastC", 8};
inline constexpr std::string_view journal_magic{"SWpastJ", 8};

/// XXH64 (Collet) with seed 0: shows damage, is no signature.
std::uint64_t checksum(std::string_view bytes) noexcept;

}  // namespace shieldwall::detect::past
