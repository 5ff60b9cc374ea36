#include "detect/shape.h"

#include <array>

namespace shieldwall::detect {

namespace {

constexpr std::uint16_t class_of(int c) {
  if (c >= '0' && c <= '9') return Shape::digit;
  const int lower = c | 0x20;
  if (lower >= 'a' && lower <= 'f' && c < 0x80) return Shape::hex_letter;
  if (lower >= 'g' && lower <= 'z' && c < 0x80) return Shape::letter;
  switch (c) {
    case '.':
      return Shape::dot;
    case ':':
      return Shape::colon;
    case '-':
    case '_':
      return Shape::dash;
    case '@':
      return Shape::at;
    case '/':
      return Shape::slash;
    case '[':
    case ']':
    case '(':
    case ')':
    case '{':
    case '}':
      return Shape::bracket;
    case '\\':
      return Shape::backslash;
    case '*':
      return Shape::star;
    default:
      return c >= 0x80 ? Shape::high : c <= ' ' || c == 0x7f ? Shape::space : Shape::other;
  }
}

constexpr auto classes = [] {
  std::array<std::uint16_t, 256> table{};
  for (int c = 0; c < 256; ++c) table[static_cast<std::size_t>(c)] = class_of(c);
  return table;
}();

}  // namespace

Shape shape_of(std::string_view text) noexcept {
  unsigned seen = 0;
  for (const char c : text) seen |= classes[static_cast<unsigned char>(c)];
  return {static_cast<std::uint16_t>(seen)};
}

}  // namespace shieldwall::detect
