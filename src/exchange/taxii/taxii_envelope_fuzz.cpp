// What a foreign server may answer: first line the date header, the rest a body.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exchange/taxii/remote.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall;
  using namespace shieldwall::exchange::taxii;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  const auto date = text.substr(0, line);
  const std::string body(line == text.npos ? text : text.substr(line + 1));
  Warnings warnings;
  const net::Headers headers{{"X-TAXII-Date-Added-Last", std::string(date)}};
  if (const auto page = read_envelope(body, headers, warnings))
    for (const auto& object : page->objects)
      if (object.empty() || body.find(object) == body.npos) std::abort();
  (void)read_discovery(body, warnings);
  (void)read_root(body, warnings);
  (void)read_collections(body, warnings);
  (void)read_collection(body, warnings);
  (void)read_status(body, warnings);
  read_error(body);
  return 0;
}
