// Bytes that claim to be a matcher file are refused, or answer every question without reading outside of
// themselves. Their digests are not asked: whoever writes a hostile file writes the right ones.
#include "detect/packed/matcher_file.h"
#include "detect/pattern/indicator_patterns.h"

using namespace shieldwall;
using namespace shieldwall::detect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto matcher = matcher_over({reinterpret_cast<const char*>(data), size}, {});
  if (!matcher) return 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(matcher->indicator_count(), 100); ++i)
    matcher->indicator(i);
  Scanner scanner(*matcher, FreeText::inside);
  static constexpr std::string_view values[] = {"192.0.2.7",
                                                "2001:db8::1",
                                                "a.evil.example",
                                                "http://evil.example/x",
                                                "x.exe",
                                                "0123456789abcdef0123456789abcdef",
                                                "j@evil.example",
                                                "/tmp/x.exe"};
  for (const auto value : values)
    for (const auto& match : scanner.scan({.line = 1, .fields = {{"user_agent", value}}}))
      if (match.indicator >= matcher->indicator_count()) std::abort();
  const auto patterns = IndicatorPatterns::of(*matcher, {});
  if (patterns.size() > matcher->indicator_count()) std::abort();
  return 0;
}
