#pragma once
// Large logs in parts that are read side by side, cut at line ends.

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "detect/files.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

/// Small enough that all cores end together, large enough that opening one costs nothing.
inline constexpr std::uint64_t part_bytes_usual = 32u << 20;

struct FilePart {
  std::size_t file = 0;  // its number among the files
  std::uint64_t begin = 0;
  std::uint64_t end = UINT64_MAX;      // of the file when there is no other part
  bool is_last = true;                 // of its file
  LogFormat format = LogFormat::text;  // of a part behind the first, as the beginning of the log showed it
  const FieldMap* map = nullptr;

  bool is_whole() const { return begin == 0 && is_last; }
};

/// The files in their order, those of plain JSON lines or running text cut into parts of about `part_bytes`.
std::vector<FilePart> parts_of(std::span<const InputFile> files, std::uint64_t part_bytes);

/// The lines that begin within a part of an uncompressed file. `read_bytes` counts what was read.
///   errors  not_found, denied, unavailable; messages begin with the path
Result<std::unique_ptr<wire::ByteReader>> open_part(const std::string& path,
                                                    const FilePart& part,
                                                    std::atomic<std::uint64_t>& read_bytes);

}  // namespace shieldwall::detect
