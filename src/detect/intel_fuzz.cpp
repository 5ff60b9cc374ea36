// Any bytes are read as indicators or refused, and what was read compiles.
#include <cstdlib>

#include "detect/intel.h"
#include "detect/matcher.h"

using namespace shieldwall::detect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shieldwall::wire::MemoryReader source({reinterpret_cast<const char*>(data), size});
  Intel intel;
  const auto done = read_intel(source, "fuzz", {}, intel);
  if (!done && done.error().message.empty()) std::abort();
  const auto count = intel.indicators.size();
  const auto matcher = compile(std::move(intel.indicators), {.now = {}});
  if (matcher.indicators().size() != count) std::abort();
  return 0;
}
