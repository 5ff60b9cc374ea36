#pragma once
// Formats that do not go by lines, read out of what a LogReader has begun to read.

#include "detect/readers/reader.h"

namespace shieldwall::detect {

class EventSource {
 public:
  virtual ~EventSource() = default;
  /// The next event, or false at the end; brings the counts up to date. errors: as the source
  virtual Result<bool> next(Record& record, ReadingCounts& counts, std::vector<Problem>& problems) = 0;
};

/// JSON in any layout. Both take what `lines` has and will have; it must outlive them.
std::unique_ptr<EventSource> json_source(LineReader& lines);

/// Windows event logs: from `path` where that is such a file itself, else unpacked into memory.
///   errors  as sigma::EvtxEvents; exhausted: more than evtx_bytes_max to be unpacked
Result<std::unique_ptr<EventSource>> evtx_source(LineReader& lines, const std::string& path);
inline constexpr std::size_t evtx_bytes_max = std::size_t{1} << 30;

}  // namespace shieldwall::detect
