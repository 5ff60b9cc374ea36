// Any bytes are read as the XML of one event: what the EVTX reader's child hands on, however it was misled.
#include <cstdint>
#include <string_view>

#include "detect/sigma/event_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall::detect;
  sigma::EventXml reader;
  Record event;
  const auto done = reader.read({reinterpret_cast<const char*>(data), size}, event);
  std::size_t bytes = 0;
  for (const auto& field : event.fields) bytes += field.name.size() + field.value.size();
  volatile std::size_t keep = bytes + (done ? 1u : 0u);
  (void)keep;
  return 0;
}
