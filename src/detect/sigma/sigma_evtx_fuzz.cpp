// Any bytes are read as an EVTX file: whatever becomes of the child, the reader ends.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "detect/sigma/evtx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall::detect;
  auto events = sigma::EvtxEvents::of_bytes({reinterpret_cast<const char*>(data), size});
  if (!events) return 0;  // no process to be had
  Record event;
  for (;;) {
    const auto more = events->next(event);
    if (!more || !*more) break;
    if (event.fields.empty()) std::abort();
  }
  return 0;
}
