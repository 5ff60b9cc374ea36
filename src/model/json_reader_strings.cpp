// Strings: eight bytes at a time up to what ends them, escapes into a text of their own.

#include <bit>
#include <cstring>

#include "base/text.h"
#include "model/json_reader.h"

namespace shieldwall::model {

namespace {

constexpr std::uint64_t every_byte(std::uint8_t value) {
  return 0x0101010101010101u * value;
}

/// A word in which the high bit of a byte is set where that byte of `word` is a quote, a backslash or a
/// control character. Bytes above the first such one may be marked wrongly, so only the lowest mark counts.
constexpr std::uint64_t string_ends(std::uint64_t word) {
  const auto zero_bytes = [](std::uint64_t w) { return (w - every_byte(0x01)) & ~w & every_byte(0x80); };
  const std::uint64_t control = (word - every_byte(0x20)) & ~word & every_byte(0x80);
  return control | zero_bytes(word ^ every_byte('"')) | zero_bytes(word ^ every_byte('\\'));
}

/// Value of a hexadecimal digit, -1 for anything else.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xc0 | code_point >> 6);
    byte(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    byte(0xe0 | code_point >> 12);
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  } else {
    byte(0xf0 | code_point >> 18);
    byte(0x80 | (code_point >> 12 & 0x3f));
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  }
}

}  // namespace

/// The first quote, backslash or control character (or the final NUL).
const char* JsonReader::scan_string(const char* from, bool& has_high_bytes) const {
  std::uint64_t seen = 0;
  while (end_ - from >= 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const std::uint64_t ends = string_ends(word);
    if (ends != 0) {
      const int bytes = std::countr_zero(ends) / 8;
      seen |= bytes == 0 ? 0 : word << (64 - 8 * bytes);
      has_high_bytes = has_high_bytes || (seen & every_byte(0x80)) != 0;
      return from + bytes;
    }
    seen |= word;
    from += 8;
  }
  while (*from != '"' && *from != '\\' && static_cast<unsigned char>(*from) >= 0x20)
    seen |= static_cast<unsigned char>(*from++);
  has_high_bytes = has_high_bytes || (seen & every_byte(0x80)) != 0;
  return from;
}

bool JsonReader::read_string(bool member) {
  const std::uint32_t node = push(JsonKind::string, at_);
  tree_.nodes[node].member = member;
  bool has_high_bytes = false;
  const char* const stop = scan_string(at_ + 1, has_high_bytes);
  if (*stop == '\\') return read_escaped_rest(node, stop);
  at_ = stop;
  return finish_string(node, has_high_bytes);
}

/// At the closing quote, or at what stands where it should be.
bool JsonReader::finish_string(std::uint32_t node, bool has_high_bytes) {
  JsonNode& string = tree_.nodes[node];
  const char* const start = begin_ + string.begin;
  if (*at_ != '"') {
    if (at_ == end_) return refuse(ErrorCode::invalid, start, "a string that does not end");
    return refuse(
        ErrorCode::invalid,
        at_,
        fmt::format("control character U+{:04X} in a string must be escaped", static_cast<int>(*at_)));
  }
  ++at_;
  string.end = offset(at_);
  if (string.escaped) string.b = static_cast<std::uint32_t>(tree_.unescaped.size() - string.a);
  const std::size_t bytes = string.escaped ? string.b : string.end - string.begin - 2;
  if (bytes > limits_.string_bytes_max)
    return refuse(ErrorCode::exhausted,
                  start,
                  fmt::format("a string of {} bytes; the limit is {}", bytes, limits_.string_bytes_max));
  if (has_high_bytes && !is_valid_utf8(tree_.string_at(node)))
    return refuse(ErrorCode::invalid, start, "a string that is not UTF-8");
  return true;
}

bool JsonReader::read_escaped_rest(std::uint32_t node, const char* from) {
  std::string& out = tree_.unescaped;
  tree_.nodes[node].escaped = true;
  tree_.nodes[node].a = static_cast<std::uint32_t>(out.size());
  bool has_high_bytes =
      true;  // the part before the first escape was not remembered; checking it again is cheap
  const char* piece = begin_ + tree_.nodes[node].begin + 1;
  at_ = from;
  while (*at_ == '\\') {
    out.append(piece, at_);
    if (!read_escape()) return false;
    piece = at_;
    at_ = scan_string(at_, has_high_bytes);
  }
  out.append(piece, at_);
  return finish_string(node, has_high_bytes);
}

bool JsonReader::read_escape() {
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  ++at_;
  if (*at_ == 'u') return read_code_point();
  const auto which = letters.find(*at_);
  if (which == letters.npos) return unexpected("one of \"\\/bfnrtu after a backslash");
  tree_.unescaped += meanings[which];
  ++at_;
  return true;
}

/// `uXXXX`, or two of them for a character beyond the basic plane. A surrogate alone stands for no character.
bool JsonReader::read_code_point() {
  const char* const start = at_ - 1;
  const auto unit = [&]() -> std::int32_t {
    std::int32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_value(*++at_);  // the final NUL is no digit, so this stops before the end
      if (digit < 0) return -1;
      value = value << 4 | digit;
    }
    ++at_;
    return value;
  };
  auto code_point = unit();
  if (code_point < 0) return unexpected("four hexadecimal digits after \\u");
  if (code_point >= 0xd800 && code_point <= 0xdfff) {
    const bool pair = code_point < 0xdc00 && at_[0] == '\\' && at_[1] == 'u';
    if (!pair) return refuse(ErrorCode::invalid, start, "a surrogate that is not part of a pair");
    ++at_;
    const auto low = unit();
    if (low < 0) return unexpected("four hexadecimal digits after \\u");
    if (low < 0xdc00 || low > 0xdfff)
      return refuse(ErrorCode::invalid, start, "a surrogate that is not part of a pair");
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(tree_.unescaped, static_cast<std::uint32_t>(code_point));
  return true;
}

}  // namespace shieldwall::model
