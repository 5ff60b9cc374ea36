#include "detect/readers/event_source.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "detect/sigma/evtx.h"
#include "detect/sigma/json_events.h"

namespace shieldwall::detect {

namespace {

/// The bytes that a LineReader would give lines of.
class LinesAsBytes final : public wire::ByteReader {
 public:
  explicit LinesAsBytes(LineReader& lines) : lines_(lines) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (waiting_.empty()) waiting_ = TRY(lines_.take_block());
    const auto size = std::min(into.size(), waiting_.size());
    std::memcpy(into.data(), waiting_.data(), size);
    waiting_.remove_prefix(size);
    bytes_ += size;
    return size;
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  LineReader& lines_;
  std::string_view waiting_;
  std::uint64_t bytes_ = 0;
};

class JsonSource final : public EventSource {
 public:
  explicit JsonSource(LineReader& lines) : bytes_(lines), events_(bytes_) {}

  Result<bool> next(Record& record, ReadingCounts& counts, std::vector<Problem>& problems) override {
    const auto more = events_.next(record);
    if (more && *more) counts.lines = record.line;
    counts.bytes = bytes_.bytes();
    counts.broken_lines = events_.broken();
    if (events_.broken() > 0 && problems.empty()) problems.push_back({record.line, events_.first_problem()});
    return more;
  }

 private:
  LinesAsBytes bytes_;
  sigma::JsonEvents events_;
};

class EvtxSource final : public EventSource {
 public:
  EvtxSource(sigma::EvtxEvents events, std::uint64_t bytes) : events_(std::move(events)), bytes_(bytes) {}

  Result<bool> next(Record& record, ReadingCounts& counts, std::vector<Problem>& problems) override {
    const auto more = events_.next(record);
    counts.lines = events_.events() + events_.broken();
    counts.bytes = bytes_;
    counts.broken_lines = events_.broken();
    if (events_.broken() > 0 && problems.empty())
      problems.push_back({record.line, "an event record behind this one could not be read"});
    return more;
  }

 private:
  sigma::EvtxEvents events_;
  std::uint64_t bytes_;
};

/// The size of the file when it is EVTX as it lies there, else 0.
std::uint64_t plain_evtx_size(const std::string& path) {
  if (path.empty() || path == "-") return 0;
  char beginning[sigma::evtx_magic.size()] = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(beginning, sizeof beginning)) return 0;
  if (std::string_view(beginning, sizeof beginning) != sigma::evtx_magic) return 0;
  file.seekg(0, std::ios::end);
  return static_cast<std::uint64_t>(file.tellg());
}

}  // namespace

std::unique_ptr<EventSource> json_source(LineReader& lines) {
  return std::make_unique<JsonSource>(lines);
}

Result<std::unique_ptr<EventSource>> evtx_source(LineReader& lines, const std::string& path) {
  if (const auto size = plain_evtx_size(path); size > 0) {
    auto events = TRY(sigma::EvtxEvents::open(path));
    return std::make_unique<EvtxSource>(std::move(events), size);
  }
  std::string bytes;
  for (;;) {
    const auto block = TRY(lines.take_block());
    if (block.empty()) break;
    if (bytes.size() + block.size() > evtx_bytes_max)
      return fail(ErrorCode::exhausted, "unpacks to more than {} MiB of EVTX", evtx_bytes_max >> 20);
    bytes += block;
  }
  auto events = TRY(sigma::EvtxEvents::of_bytes(bytes));
  return std::make_unique<EvtxSource>(std::move(events), bytes.size());
}

}  // namespace shieldwall::detect
