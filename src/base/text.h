#pragma once
// Small questions about text. Locale-free; letters are ASCII unless a name says otherwise.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shieldwall {

bool is_valid_utf8(std::string_view text);
std::string to_lower_ascii(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view trimmed(std::string_view text);  // of space, tab, CR, LF
std::vector<std::string_view> split(std::string_view text, char separator);
bool is_ascii(std::string_view text);

inline constexpr std::string_view utf8_mark = "\xef\xbb\xbf";  // byte order mark
std::string_view without_mark(std::string_view text);          // of UTF-8, where it begins with one
bool has_utf16_mark(std::string_view text);

/// The number that the whole text is, as std::from_chars reads one; nothing where it is none, or beyond the
/// type.
template <typename Number>
std::optional<Number> as_number(std::string_view text) {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

/// At most `bytes_max` bytes of it for a message, cut at a character, control characters as '?'.
std::string excerpt(std::string_view text, std::size_t bytes_max = 64);

}  // namespace shieldwall
