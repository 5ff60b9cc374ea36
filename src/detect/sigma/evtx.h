#pragma once
// Windows event log files (EVTX), read by libevtx in a child process that can do nothing but read the file
// and write what it found: a file made to break the library breaks the child alone.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/record.h"
#include "detect/sigma/event_xml.h"

namespace shieldwall::detect::sigma {

inline constexpr std::string_view evtx_magic{"ElfFile\0", 8};

/// What the child may take. A file of a gigabyte takes some 200 MB; a record never comes that slowly.
inline constexpr std::size_t evtx_memory_bytes_max = std::size_t{2} << 30;
inline constexpr int evtx_record_ms_max = 30'000;

class EvtxEvents {
 public:
  /// errors  not_found, denied, unavailable: the file or the child does not start
  static Result<EvtxEvents> open(const std::string& path);
  /// Of bytes that are in memory already (unpacked, or made up by a test).
  static Result<EvtxEvents> of_bytes(std::string_view bytes);
  ~EvtxEvents();
  EvtxEvents(EvtxEvents&&) noexcept;
  EvtxEvents& operator=(EvtxEvents&&) = delete;

  /// The next event; `line` is its EventRecordID. Records that libevtx or we cannot read are counted and left
  /// out. False at the end.
  ///   errors  invalid: not EVTX, or damaged so that the library gave up; unavailable: it took too long
  Result<bool> next(Record& event);

  std::uint64_t events() const { return events_; }
  std::uint64_t broken() const { return broken_; }

 private:
  struct Child;
  explicit EvtxEvents(std::unique_ptr<Child> child);
  static Result<EvtxEvents> start(int file);
  Result<bool> read_exactly(char* into, std::size_t size);
  std::unexpected<Error> ended_early();

  std::unique_ptr<Child> child_;
  EventXml xml_reader_;
  std::string xml_;
  std::uint64_t events_ = 0, broken_ = 0;
};

}  // namespace shieldwall::detect::sigma
