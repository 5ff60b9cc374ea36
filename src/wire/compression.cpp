#include "wire/compression.h"

#include <algorithm>
#include <cstring>

namespace shieldwall::wire {

Result<std::size_t> MemoryReader::read(std::span<char> into) {
  const auto size = std::min(into.size(), text_.size());
  std::memcpy(into.data(), text_.data(), size);
  text_.remove_prefix(size);
  return size;
}

Compression compression_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Compression::gzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  if (first_bytes.starts_with(std::string_view("\xfd"
                                               "7zXZ\0",
                                               6)))
    return Compression::xz;
  return Compression::none;
}

Result<Bytes> gunzip(std::string_view packed, std::size_t bytes_max) {
  MemoryReader source(packed);
  const auto reader = gzip_reader(source, {.bytes_max = bytes_max});
  Bytes out;
  for (;;) {
    char block[16384];
    const auto size = TRY(reader->read(block));
    if (size == 0) return out;
    out.append(block, size);
  }
}

}  // namespace shieldwall::wire
