#pragma once
// Objects out of a file or standard input, one at a time, in memory that one object needs.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "model/object.h"

namespace shieldwall::cli {

struct StreamedObject {
  std::uint64_t index = 0;  // from 0, in its file
  std::string text;
};

/// What became of a bundle's or envelope's own text once all of its objects were given.
struct StreamedEnvelope {
  std::uint64_t objects = 0;
  std::string_view text;  // its list of objects emptied
};

struct StreamReader {
  std::function<void(StreamedObject)> object;
  std::function<void(const StreamedEnvelope&)> envelope;
};

/// Reads `path`, or standard input for "-"; gzip, zstd and xz are unpacked.
///   errors  not_found, denied, unavailable: the file cannot be read; corrupt: it cannot be unpacked;
///   invalid, exhausted: as ObjectSplitter says. Messages begin with the path
Done stream_objects(const std::string& path, const StreamReader& reader);

}  // namespace shieldwall::cli
