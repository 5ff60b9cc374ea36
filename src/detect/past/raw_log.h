#pragma once
// A log as it lies there now, opened in the middle of its unpacked text.

#include <memory>
#include <string>

#include "wire/byte_reader.h"

namespace shieldwall::detect::past {

/// How a log can be entered.
enum class Entrance : std::uint8_t {
  anywhere,   // plain text
  frames,     // zstd with several frames that tell their size: those before are passed over, packed
  beginning,  // gzip, xz, zstd in one frame: all before is unpacked
};

struct RawLog {
  std::unique_ptr<wire::ByteReader> text;  // from `offset` of the unpacked text on
  Entrance entrance = Entrance::beginning;
};

/// errors: as open_unpacked
Result<RawLog> open_raw(const std::string& path, std::uint64_t offset);

}  // namespace shieldwall::detect::past
