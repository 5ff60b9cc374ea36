#pragma once
// What every fuzz target of a log reader does with its bytes.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "detect/matcher.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

/// Reads `first_line`, which settles the format, and then the bytes to their end, and looks through every
/// record. Aborts unless lines come in order, every byte is counted and every match names an indicator.
inline void read_to_the_end(std::string_view first_line, const std::uint8_t* data, std::size_t size) {
  static const Matcher matcher = compile(
      {{.id = "a", .pattern = "[ipv4-addr:value = '192.0.2.0/24' OR domain-name:value = 'evil.example']"},
       {.id = "b", .pattern = "[url:value = 'http://evil.example/x' OR file:name = 'x.exe']"}},
      {.now = {}});
  const auto input = std::string(first_line) + std::string(reinterpret_cast<const char*>(data), size);
  shieldwall::wire::MemoryReader source(input);
  LogReader reader(source);
  Scanner scanner(matcher, FreeText::inside);
  Record record;
  for (std::uint64_t last = 0;;) {
    const auto more = reader.next(record);
    if (!more && reader.format() == LogFormat::evtx) return;  // damaged, or none at all
    if (!more) std::abort();                                  // memory gives no errors
    if (!*more) break;
    if (record.line < last || (record.line == last && reader.format() != LogFormat::json)) std::abort();
    last = record.line;
    for (const auto& match : scanner.scan(record))
      if (match.indicator >= matcher.indicator_count()) std::abort();
    event_time(record);
  }
  if (reader.counts().bytes != input.size()) std::abort();
}

}  // namespace shieldwall::detect
