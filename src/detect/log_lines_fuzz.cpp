// Any bytes are read in each format that goes by lines, to their end, in order, and looked through.
#include "detect/reader_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view first_lines[] = {
      "",
      "#Fields: date time c-ip cs-host cs-uri-stem\n",
      "<34>Mar 24 17:15:20 host app: x\n",
      "<165>1 2018-03-24T17:15:20.003Z h a - - - x\n",
      "CEF:0|a|b|c|d|e|f|src=192.0.2.1\n",
      "LEEF:2.0|a|b|c|d|^|src=192.0.2.1\n",
      "192.0.2.1 - - [24/Mar/2018:18:15:20 +0100] \"GET /x HTTP/1.1\" 200 12\n",
      "client 192.0.2.1#53: query: evil.example IN A +\n",
      "[1] unbound[7:0] info: 192.0.2.1 evil.example. A IN\n",
      "{\"event_type\":\"tls\",\"timestamp\":\"x\",\"tls\":{\"fingerprint\":\"a:b\"},\"http\":{\"xff\":\"a, "
      "b\"}}\n",
  };
  if (size == 0) return 0;
  const auto which = data[0] % std::size(first_lines);
  shieldwall::detect::read_to_the_end(first_lines[which], data + 1, size - 1);
  return 0;
}
