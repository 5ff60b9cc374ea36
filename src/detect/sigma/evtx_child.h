#pragma once
// The child's side of evtx.h.

#include <cstdint>

namespace shieldwall::detect::sigma {

/// One record on its way to the parent; `bytes` of XML follow.
struct EvtxHeader {
  static constexpr std::uint32_t broken = UINT32_MAX;  // no XML follows: the record could not be read
  static constexpr std::uint32_t end = UINT32_MAX - 1;
  static constexpr std::uint32_t not_evtx = UINT32_MAX - 2;
  std::uint64_t record = 0;
  std::uint32_t bytes = 0;
  std::uint32_t unused = 0;
};
inline constexpr std::uint32_t evtx_xml_bytes_max = 16u << 20;  // a record is at most 64 KiB in the file

/// Gives up what the process does not need, reads the file and writes its records to `out`. Never returns.
[[noreturn]] void run_evtx_child(int file, int out);

}  // namespace shieldwall::detect::sigma
