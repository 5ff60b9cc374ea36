#include "detect/prose.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace shieldwall::detect {

namespace {

constexpr auto make_set(std::string_view characters) {
  std::array<bool, 256> set{};
  for (const char c : characters) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr auto separators = [] {
  auto set = make_set("\"'<>|`\x7f");
  for (std::size_t c = 0; c <= ' '; ++c) set[c] = true;
  return set;
}();

constexpr auto word_characters = [] {
  auto set = make_set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_@+%");
  for (std::size_t c = 0x80; c < 256; ++c) set[c] = true;
  return set;
}();

bool is_separator(char c) {
  return separators[static_cast<unsigned char>(c)];
}
bool is_word_character(char c) {
  return word_characters[static_cast<unsigned char>(c)];
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trimmed_of(std::string_view text, std::string_view front, std::string_view back) {
  text.remove_prefix(std::min(text.find_first_not_of(front), text.size()));
  const auto last = text.find_last_not_of(back);
  return last == text.npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

bool Pieces::next(std::string_view& piece) {
  const auto* const begin = std::ranges::find_if_not(rest_, is_separator);
  const auto* const end = std::find_if(begin, rest_.end(), is_separator);
  piece = {begin, end};
  rest_ = {end, rest_.end()};
  return !piece.empty();
}

bool Words::next(std::string_view& word) {
  while (!rest_.empty()) {
    const auto* const begin = std::ranges::find_if(rest_, is_word_character);
    const auto* const end = std::find_if_not(begin, rest_.end(), is_word_character);
    word = trimmed_of({begin, end}, ".-@+%", ".-@+%");
    // "::1" begins with colons; "evil.example: refused" ends with one, "fe80::" with two.
    if (!word.starts_with("::")) word = trimmed_of(word, ":", "");
    if (!word.ends_with("::")) word = trimmed_of(word, "", ":");
    rest_ = {end, rest_.end()};
    if (!word.empty()) return true;
  }
  return false;
}

bool next_url(std::string_view& rest, std::string_view& url) {
  const auto at = rest.find("://");
  if (at == rest.npos) return false;
  auto scheme = at;
  while (scheme > 0 && is_letter(rest[scheme - 1])) --scheme;
  url = trimmed_of(rest.substr(scheme), "", ".,;:!?)]}*");
  rest.remove_prefix(at + 3);
  return true;
}

namespace {

/// The character that `digits` hexadecimal digits behind `at` stand for, when it is printable ASCII; else
/// NUL.
char printable_of_hex(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return '\0';
  unsigned code = 0;
  const auto* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, code, 16);
  const bool good = error == std::errc() && end == begin + digits && code > ' ' && code < 0x7f;
  return good ? static_cast<char>(code) : '\0';
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at], letter = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\\' && letter == '/') {
      out += '/';
      at += 2;
      continue;
    }
    const std::size_t digits = c == '%' ? 2 : c != '\\' ? 0 : letter == 'x' ? 2 : letter == 'u' ? 4 : 0;
    const std::size_t head = c == '%' ? 1 : 2;
    const char plain = digits == 0 ? '\0' : printable_of_hex(text, at + head, digits);
    out += plain == '\0' ? c : plain;
    at += plain == '\0' ? 1 : head + digits;
  }
  return out;
}

}  // namespace shieldwall::detect
