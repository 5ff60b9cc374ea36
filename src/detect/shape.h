#pragma once
// What a text could be, judged by the characters in it: cheap enough to ask of every field of every event.

#include <cstdint>
#include <string_view>

namespace shieldwall::detect {

struct Shape {
  enum : std::uint16_t {
    digit = 1,       // 0-9
    hex_letter = 2,  // a-f A-F
    letter = 4,      // g-z G-Z
    dot = 8,
    colon = 16,
    dash = 32,  // - _
    at = 64,
    slash = 128,
    bracket = 256,  // [ ] ( ) { }: an IPv6 host, or defanged
    high = 512,     // outside ASCII
    backslash = 1024,
    star = 2048,
    space = 4096,  // white space and control characters
    other = 8192,
  };
  std::uint16_t seen = 0;

  bool only(unsigned allowed) const { return (seen & ~allowed) == 0; }
  bool has(unsigned any) const { return (seen & any) != 0; }
};

Shape shape_of(std::string_view text) noexcept;

}  // namespace shieldwall::detect
