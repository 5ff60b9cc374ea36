#pragma once
// gzip (RFC 1952), zstd (RFC 8878) and xz (its .xz file format 1.1), read as a stream in constant memory,
// with a guard against bombs.

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "wire/byte_reader.h"

namespace shieldwall::wire {

enum class Compression : std::uint8_t { none, gzip, zstd, xz };

/// What the first bytes say; six are enough.
Compression compression_of(std::string_view first_bytes);

/// When to stop believing. Memory is constant whatever comes; this bounds time. Logs shrink to a hundredth at
/// most, and gzip cannot do better than 1:1032; only zstd and xz of one repeated line come near the ratio.
struct ExpansionLimits {
  std::uint64_t bytes_max = 1ull << 40;           // unpacked, 1 TiB
  std::uint64_t ratio_max = 5'000;                // unpacked : packed
  std::uint64_t ratio_from_bytes = 256ull << 20;  // the ratio counts from this many unpacked bytes on
};

/// Unpacks what `packed` (which must outlive the reader) gives: all members, frames or streams, one behind
/// the other; zero bytes behind the last are padding.
///   errors  corrupt: damaged, cut short, or followed by something else; all before it has been given
///           exhausted: a limit was passed, or a zstd window of more than 128 MiB or an xz
///           decoder of more than 192 MiB is asked for
std::unique_ptr<ByteReader> gzip_reader(ByteReader& packed, const ExpansionLimits& limits = {});
std::unique_ptr<ByteReader> zstd_reader(ByteReader& packed, const ExpansionLimits& limits = {});
std::unique_ptr<ByteReader> xz_reader(ByteReader& packed, const ExpansionLimits& limits = {});

/// The whole of a small gzip text. errors: corrupt; exhausted when it holds more than `bytes_max`
Result<Bytes> gunzip(std::string_view packed, std::size_t bytes_max);
Bytes gzip(std::string_view bytes);

}  // namespace shieldwall::wire
