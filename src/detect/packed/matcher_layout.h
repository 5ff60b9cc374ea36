#pragma once
// The bytes of a matcher file; docs/formats/matcher.md says the same in words.

#include "base/bytes.h"
#include "detect/packed/literal_image.h"

namespace shieldwall::detect {

inline constexpr std::string_view matcher_magic{"SWmatch\0", 8};
inline constexpr std::uint32_t matcher_version = 3;
inline constexpr std::uint64_t matcher_page_bytes = 4096;       // the header's, and what sections begin at
inline constexpr std::uint64_t matcher_chunk_bytes = 4u << 20;  // has a digest of its own

struct FileSection {
  std::uint64_t at = 0, bytes = 0;
};

/// The first bytes of the file; the rest of their page is zero.
struct MatcherHeader {
  char magic[8];
  std::uint32_t version = 0;
  std::uint32_t kinds = 0;  // literal_kinds of the writer, at most 32
  std::uint64_t file_bytes = 0;
  std::int64_t now = 0;  // microseconds since 1970
  HashKey key;
  std::uint64_t homes = 0;
  std::uint64_t counts[32] = {};
  FileSection text, lines, filter, indicators, prefixes;
  FileSection addresses;  // 2^n bits, or none
  FileSection patterns;   // numbers of indicators
  FileSection digests;    // of the chunks of all between the first page and here
  std::uint8_t of_digests[32] = {};
  std::uint8_t of_header[32] = {};  // of all before
};
static_assert(sizeof(MatcherHeader) == 8 + 8 + 16 + 16 + 8 + 256 + 128 + 64);

}  // namespace shieldwall::detect
