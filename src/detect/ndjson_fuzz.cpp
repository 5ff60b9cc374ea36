// Any bytes are read as JSON lines to their end, in order, and looked through.
#include <cstdlib>

#include "detect/matcher.h"
#include "detect/readers/reader.h"

using namespace shieldwall::detect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Matcher matcher = compile(
      {{.id = "a", .pattern = "[ipv4-addr:value = '192.0.2.0/24' OR domain-name:value = 'evil.example']"},
       {.id = "b", .pattern = "[url:value = 'http://evil.example/x' OR file:name = 'x.exe']"}},
      {.now = {}});
  const auto input = std::string("{}\n") + std::string(reinterpret_cast<const char*>(data), size);
  shieldwall::wire::MemoryReader source(input);
  LogReader reader(source);
  Scanner scanner(matcher, FreeText::inside);
  Record record;
  for (std::uint64_t last = 0;;) {
    const auto more = reader.next(record);
    if (!more) std::abort();  // memory gives no errors
    if (!*more) break;
    if (record.line <= last) std::abort();
    last = record.line;
    for (const auto& match : scanner.scan(record))
      if (match.indicator >= matcher.indicators().size()) std::abort();
    event_time(record);
  }
  if (reader.counts().bytes != input.size()) std::abort();
  return 0;
}
