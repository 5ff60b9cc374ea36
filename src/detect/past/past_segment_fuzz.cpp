// Bytes that claim to be a segment or a journal of the past are refused, or answer without reading outside of
// themselves. Checksums are not asked: whoever writes a hostile file writes the right ones. The input is the
// hot file's size (4 bytes), the hot file, the cold file.
#include <cstring>

#include "detect/past/journal.h"

using namespace shieldwall;
using namespace shieldwall::detect::past;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)read_journal(bytes, 0);
  std::uint32_t hot = 0;
  if (size < sizeof hot) return 0;
  std::memcpy(&hot, data, sizeof hot);
  const auto rest = bytes.substr(sizeof hot);
  const auto segment =
      Segment::over(rest.substr(0, hot), rest.substr(std::min<std::size_t>(hot, rest.size())), true);
  if (!segment) return 0;
  std::vector<Probe> probes;
  for (std::uint64_t block = 0; block < std::min<std::uint64_t>(segment->header().blocks, 16); ++block)
    if (const auto entries = segment->block(block))
      for (const auto& entry : *entries) probes.push_back({entry.hash, 0});
  for (std::uint64_t i = 0; i < 64; ++i) probes.push_back({i << 50, 1});
  std::ranges::sort(probes);
  std::vector<Found> found;
  (void)segment->find(probes, 0, found);
  if (found.size() > 1000) found.resize(1000);
  std::uint64_t rows = 0;
  (void)segment->rows(found, [&](const Found&, const Entry& entry) { rows += entry.count; });
  (void)segment->sources();
  return 0;
}
