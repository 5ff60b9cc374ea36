// Any bytes unpack to something or an error, within the limits.
#include <cstdlib>

#include "wire/compression.h"

using namespace shieldwall::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryReader source({reinterpret_cast<const char*>(data), size});
  constexpr std::uint64_t bytes_max = 1u << 20;
  const auto reader = xz_reader(source, {.bytes_max = bytes_max});
  for (std::uint64_t total = 0;;) {
    char block[4096];
    const auto made = reader->read(block);
    if (!made || *made == 0) return 0;
    total += *made;
    if (total > bytes_max) std::abort();
  }
}
