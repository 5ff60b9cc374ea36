#include "detect/sigma/encode.h"

#include "base/bytes.h"
#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

/// One character of valid UTF-8 from `at`, which moves behind it.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t character = lead & (0x3Fu >> following);
  for (int i = 0; i < following; ++i)
    character = character << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  return character;
}

void append_unit(std::string& out, unsigned unit, bool big) {
  const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
  out += big ? high : low;
  out += big ? low : high;
}

}  // namespace

Result<std::string> to_utf16(std::string_view text, Utf16 form) {
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "a value is not UTF-8");
  const bool big = form == Utf16::big;
  std::string out = form == Utf16::little_with_mark ? "\xFF\xFE" : "";
  for (std::size_t at = 0; at < text.size();) {
    const auto character = next_character(text, at);
    if (character < 0x10000) {
      append_unit(out, character, big);
    } else {
      append_unit(out, 0xD800 + ((character - 0x10000) >> 10), big);
      append_unit(out, 0xDC00 + ((character - 0x10000) & 0x3FF), big);
    }
  }
  return out;
}

std::array<std::string, 3> base64_offsets(std::string_view bytes) {
  // With n bytes before it in its group, the first 0, 2 or 3 characters hold bits of those; behind it a group
  // of 1 or 2 bytes leaves 3 or 2 characters (padding included) that hold bits of what follows.
  constexpr std::size_t skip_front[] = {0, 2, 3};
  constexpr std::size_t skip_back[] = {0, 3, 2};
  std::array<std::string, 3> parts;
  for (std::size_t before = 0; before < 3; ++before) {
    const auto text = to_base64(std::string(before, '\0') + std::string(bytes));
    const auto back = skip_back[(before + bytes.size()) % 3];
    if (text.size() > skip_front[before] + back)
      parts[before] = text.substr(skip_front[before], text.size() - skip_front[before] - back);
  }
  return parts;
}

}  // namespace shieldwall::detect::sigma
