#pragma once
// The files of a scan: found below the paths that were named, opened and unpacked.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wire/byte_reader.h"

namespace shieldwall::detect {

struct InputFile {
  std::string path;         // "-" is standard input
  std::uint64_t bytes = 0;  // as it lies there; 0 when that is not known
  bool is_stream = false;   // standard input, a pipe: comes once, and when it likes
};

/// The regular files at and below `paths`, in their order, those of a folder sorted by path. Symbolic links
/// are followed to files, not to folders. A device or pipe is taken where it is named itself. A folder that
/// cannot be listed stands for what is in it: opening it says why.
///   errors  not_found: nothing is there; denied
Result<std::vector<InputFile>> find_files(std::span<const std::string> paths);

/// Opens a file, or standard input for "-", and unpacks gzip, zstd and xz. `packed_bytes`, when given, counts
/// what was read.
///   errors  not_found, denied, unavailable; messages begin with the path. As the unpacking readers
Result<std::unique_ptr<wire::ByteReader>> open_unpacked(const std::string& path,
                                                        std::atomic<std::uint64_t>* packed_bytes = nullptr);

/// Standard input or a pipe, and where to ask whether something waits in it.
struct OpenedStream {
  std::unique_ptr<wire::ByteReader> bytes;  // unpacked
  int descriptor = -1;                      // belongs to `bytes`; -1: packed, so that it would tell nothing
};

/// As open_unpacked, for what may pause.
Result<OpenedStream> open_stream(const std::string& path, std::atomic<std::uint64_t>& packed_bytes);

}  // namespace shieldwall::detect
