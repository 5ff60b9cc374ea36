// RFC 8785 (JCS): the same content gives the same bytes.

#include <algorithm>
#include <vector>

#include "model/json.h"
#include "model/json_number.h"

namespace shieldwall::model {

namespace {

/// RFC 8785 section 3.2.3 sorts by UTF-16 code units. In UTF-8 that is the order of the bytes, except that
/// the characters beyond the basic plane (lead bytes F0-F4) come before U+E000-U+FFFF (lead bytes EE and EF).
bool before_in_utf16(std::string_view a, std::string_view b) {
  const auto [x, y] = std::ranges::mismatch(a, b);
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
  };
  return rank(*x) < rank(*y);
}

void append_canonical(std::string& out, const Json& value);

void append_canonical_members(std::string& out, const Json& object) {
  std::vector<Json> members;
  members.reserve(object.size());
  for (const Json member : object) members.push_back(member);
  std::ranges::sort(members, before_in_utf16, &Json::key);
  out += '{';
  bool first = true;
  for (const Json& member : members) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, member.key());
    out += ':';
    append_canonical(out, member);
  }
  out += '}';
}

/// Recursion ends at the depth that the parser allowed.
void append_canonical(std::string& out, const Json& value) {
  switch (value.kind()) {
    case JsonKind::null:
    case JsonKind::boolean:
      out += value.raw();
      break;
    case JsonKind::number:
      append_canonical_number(out, value.number());
      break;
    case JsonKind::string:
      append_json_string(out, value.string());
      break;
    case JsonKind::array: {
      out += '[';
      bool first = true;
      for (const Json element : value) {
        if (!first) out += ',';
        first = false;
        append_canonical(out, element);
      }
      out += ']';
      break;
    }
    case JsonKind::object:
      append_canonical_members(out, value);
      break;
  }
}

}  // namespace

std::string canonical_json(const Json& value) {
  std::string out;
  out.reserve(value.raw().size());
  append_canonical(out, value);
  return out;
}

/// RFC 8785 section 3.2.2.2: two-letter escapes where they exist, else \u00xx in lower case, else the
/// character.
void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view short_escapes = "btn?fr";  // U+0008 to U+000D; U+000B has none
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of the part that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    out += '\\';
    if (c >= 0x20) {
      out += text[i];
    } else if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
      out += short_escapes[c - 0x08u];
    } else {
      out += "u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    }
  }
  out += text.substr(plain);
  out += '"';
}

}  // namespace shieldwall::model
