#pragma once
// Small questions about text. Locale-free; letters are ASCII unless a name says otherwise.

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

/// At most `bytes_max` bytes of it for a message, cut at a character, control characters as '?'.
std::string excerpt(std::string_view text, std::size_t bytes_max = 64);

}  // namespace shieldwall
