// Any bytes are read as JSON events to their end, in order.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "detect/sigma/json_events.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall;
  wire::MemoryReader source({reinterpret_cast<const char*>(data), size});
  detect::sigma::JsonEvents events(source);
  detect::Record event;
  for (std::uint64_t last = 0;;) {
    const auto more = events.next(event);
    if (!more) std::abort();  // memory gives no errors
    if (!*more) break;
    if (event.line < last || event.fields.empty()) std::abort();
    last = event.line;
  }
  if ((events.broken() > 0) == events.first_problem().empty()) std::abort();
  return 0;
}
