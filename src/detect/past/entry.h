#pragma once
// What the past knows of one observable: when it was seen in which log, how often, and where first.

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "detect/packed/cursor.h"
#include "detect/past/layout.h"

namespace shieldwall::detect::past {

/// One observable on one day in one log.
struct Entry {
  std::uint64_t hash = 0;     // hash_bits of it
  std::uint32_t slice = 0;    // the day
  std::uint32_t source = 0;   // its number among sources
  std::uint32_t first_s = 0;  // seconds since the day began
  std::uint32_t last_s = 0;
  std::uint64_t count = 0;  // events; several fields of one event count once
  std::uint64_t line = 0;   // of the first, from 1

  auto place() const { return std::tie(hash, slice, source); }
};

/// Two parts of the same: their places are equal.
inline void join(Entry& into, const Entry& more) {
  into.first_s = std::min(into.first_s, more.first_s);
  into.last_s = std::max(into.last_s, more.last_s);
  into.count += more.count;
  into.line = std::min(into.line, more.line);
}

/// Where in a log some line begins, so that looking at a line needs not read all before it.
struct Checkpoint {
  std::uint64_t line = 0;    // from 1
  std::uint64_t offset = 0;  // of its first byte in the unpacked text
};

/// A log, or as much of it as was looked through at once.
struct Source {
  std::string path = {};         // as the scan named it, absolute
  std::uint32_t head_bytes = 0;  // how much of its beginning head_hash covers
  std::uint64_t head_hash = 0;   // tells it from another log under the same name
  std::uint64_t first_line = 0;  // lines looked through: from, to
  std::uint64_t last_line = 0;
  std::uint64_t bytes = 0;  // of them, unpacked
  std::vector<Checkpoint> checkpoints = {};

  bool is_same_log(const Source& other) const {
    return path == other.path && head_hash == other.head_hash && head_bytes == other.head_bytes;
  }
};

inline constexpr std::size_t checkpoints_max = 1u << 22;  // of one source: lines_between_checkpoints apart
inline constexpr std::uint64_t lines_between_checkpoints = 4096;

void put_source(std::string& out, const Source& source);
/// False when the bytes are none.
bool take_source(Cursor& from, Source& source);

}  // namespace shieldwall::detect::past
