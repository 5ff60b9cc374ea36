#include "detect/past/raw_log.h"

#include <fstream>
#include <vector>

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_frameHeaderSize_bound, ZSTD_getFrameHeader
#include <zstd.h>

#include "detect/files.h"
#include "wire/compression.h"

namespace shieldwall::detect::past {

namespace {

/// A file read from a place on.
class FileReader final : public wire::ByteReader {
 public:
  FileReader(const std::string& path, std::uint64_t offset) : file_(path, std::ios::binary) {
    file_.seekg(static_cast<std::streamoff>(offset));
  }
  Result<std::size_t> read(std::span<char> into) override {
    if (!file_.good()) return 0;
    file_.read(into.data(), static_cast<std::streamsize>(into.size()));
    return static_cast<std::size_t>(file_.gcount());
  }

 private:
  std::ifstream file_;
};

class UnpackedFrom final : public wire::ByteReader {
 public:
  UnpackedFrom(const std::string& path, std::uint64_t offset)
      : file_(path, offset), unpacked_(wire::zstd_reader(file_)) {}
  Result<std::size_t> read(std::span<char> into) override { return unpacked_->read(into); }

 private:
  FileReader file_;
  std::unique_ptr<wire::ByteReader> unpacked_;
};

Done skip(wire::ByteReader& reader, std::uint64_t bytes) {
  std::vector<char> block(256u << 10);
  while (bytes > 0) {
    const auto got = TRY(reader.read(std::span(block).first(std::min<std::uint64_t>(bytes, block.size()))));
    if (got == 0) return {};  // the log became shorter: there is nothing from here on
    bytes -= got;
  }
  return {};
}

/// The number at `at` of a file, little-endian.
Result<std::string> bytes_at(std::ifstream& file, std::uint64_t at, std::size_t size) {
  file.clear();
  file.seekg(static_cast<std::streamoff>(at));
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// Where the zstd frame that begins at `packed` ends: by the heads of its blocks alone (RFC 8878
/// section 3.1).
std::uint64_t end_of_frame(std::ifstream& file, std::uint64_t packed, const ZSTD_frameHeader& header) {
  auto at = packed + header.headerSize;
  for (;;) {
    const auto head = bytes_at(file, at, 3);
    if (!head || head->size() < 3) return 0;
    const auto word = static_cast<unsigned char>((*head)[0]) | static_cast<unsigned char>((*head)[1]) << 8 |
                      static_cast<unsigned char>((*head)[2]) << 16;
    const auto type = word >> 1 & 3;  // 1: one byte, repeated
    at += 3 + (type == 1 ? 1u : static_cast<unsigned>(word >> 3));
    if ((word & 1) != 0) return at + (header.checksumFlag != 0 ? 4 : 0);
  }
}

struct FramePlace {
  std::uint64_t packed = 0;    // where the frame begins in the file
  std::uint64_t unpacked = 0;  // and what it unpacks to in the text
};

/// The last frame that begins at or before `offset` of the text, as far as frames tell their sizes.
FramePlace frame_before(const std::string& path, std::uint64_t offset) {
  std::ifstream file(path, std::ios::binary);
  FramePlace place;
  for (;;) {
    const auto head = bytes_at(file, place.packed, ZSTD_FRAMEHEADERSIZE_MAX);
    ZSTD_frameHeader header{};
    if (!head || ZSTD_getFrameHeader(&header, head->data(), head->size()) != 0) return place;
    if (header.frameType == ZSTD_skippableFrame) {
      place.packed += header.frameContentSize + 8;
      continue;
    }
    if (header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) return place;
    if (place.unpacked + header.frameContentSize > offset) return place;
    const auto end = end_of_frame(file, place.packed, header);
    if (end == 0) return place;
    place.packed = end;
    place.unpacked += header.frameContentSize;
  }
}

}  // namespace

Result<RawLog> open_raw(const std::string& path, std::uint64_t offset) {
  std::ifstream file(path, std::ios::binary);
  const auto first = TRY(bytes_at(file, 0, 6));
  const auto packing = file.is_open() ? wire::compression_of(first) : wire::Compression::gzip;
  if (packing == wire::Compression::none)
    return RawLog{std::make_unique<FileReader>(path, offset), Entrance::anywhere};
  if (packing == wire::Compression::zstd) {
    const auto place = frame_before(path, offset);
    if (place.packed > 0) {
      RawLog log{std::make_unique<UnpackedFrom>(path, place.packed), Entrance::frames};
      TRY(skip(*log.text, offset - place.unpacked));
      return log;
    }
  }
  RawLog log{TRY(open_unpacked(path)), Entrance::beginning};
  TRY(skip(*log.text, offset));
  return log;
}

}  // namespace shieldwall::detect::past
