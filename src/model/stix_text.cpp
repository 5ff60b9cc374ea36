// The small questions about text that the standard asks.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/object_check.h"

namespace shieldwall::model {

namespace {

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alphanumeric(char c) {
  return is_letter(c) || is_digit(c);
}

constexpr std::size_t name_length_min = 3;    // section 3.1
constexpr std::size_t name_length_max = 250;  // section 3.1

bool fits_length(std::string_view text) {
  return text.size() >= name_length_min && text.size() <= name_length_max;
}

}  // namespace

bool contains(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_type_name(std::string_view text) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return fits_length(text) && is_lower(text[0]) && std::ranges::all_of(text, fits) && !text.contains("--");
}

namespace {

constexpr std::array<bool, 256> hex_digits = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) table[static_cast<std::size_t>(c)] = is_hex(static_cast<char>(c));
  return table;
}();

}  // namespace

/// What ObjectId::parse accepts, without building it: most of checking an object is looking at identifiers.
bool is_identifier(std::string_view text) {
  constexpr std::size_t uuid_size = 36;
  if (text.size() < uuid_size + 2 + name_length_min) return false;
  const auto type = text.substr(0, text.size() - uuid_size - 2);
  const auto uuid = text.substr(text.size() - uuid_size);
  if (text.substr(type.size(), 2) != "--" || !is_type_name(type)) return false;
  bool good = uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-';
  for (std::size_t i = 0; i < uuid_size; ++i)
    good &= hex_digits[static_cast<unsigned char>(uuid[i])] || i == 8 || i == 13 || i == 18 || i == 23;
  const char variant = uuid[19];
  return good && uuid[14] >= '1' && uuid[14] <= '8' &&
         (variant == '8' || variant == '9' || (variant | 0x20) == 'a' || (variant | 0x20) == 'b');
}

bool is_property_name(std::string_view text) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '_'; };
  return fits_length(text) && is_lower(text[0]) && std::ranges::all_of(text, fits);
}

bool is_dictionary_key(std::string_view text) {
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= name_length_max && std::ranges::all_of(text, fits);
}

bool is_hyphenated_lower_case(std::string_view text) {
  const bool has_letter = std::ranges::any_of(text, is_letter);
  const auto bad = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || c == ' '; };
  return has_letter && std::ranges::none_of(text, bad);
}

bool is_absolute_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() || !is_letter(text[0])) return false;
  const auto in_scheme = [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; };
  // What RFC 3986 excludes everywhere; other characters beyond ASCII are let pass, as IRIs have them.
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || std::string_view("\"<>\\^`{|}").contains(c);
  };
  return std::ranges::all_of(text.substr(0, colon), in_scheme) && std::ranges::none_of(text, forbidden);
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  return std::ranges::all_of(text.substr(0, text.size() - padding), fits);
}

namespace {

bool is_hex_of(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, is_hex);
}

/// blocksize:hash:hash, of base64 letters.
bool is_ssdeep(std::string_view text) {
  const auto parts = split(text, ':');
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  return parts.size() == 3 && !parts[0].empty() && std::ranges::all_of(parts[0], is_digit) &&
         std::ranges::all_of(parts[1], fits) && std::ranges::all_of(parts[2], fits);
}

bool is_tlsh(std::string_view text) {
  if (text.starts_with("T1")) text.remove_prefix(2);
  return is_hex_of(text, 70);
}

}  // namespace

bool is_hash(std::string_view algorithm, std::string_view value) {
  static constexpr std::pair<std::string_view, std::size_t> digits[] = {
      {"MD5", 32},
      {"SHA-1", 40},
      {"SHA-224", 56},
      {"SHA-256", 64},
      {"SHA-384", 96},
      {"SHA-512", 128},
      {"SHA3-256", 64},
      {"SHA3-512", 128},
  };
  const auto row = std::ranges::find(digits, algorithm, &std::pair<std::string_view, std::size_t>::first);
  if (row != std::end(digits)) return is_hex_of(value, row->second);
  if (algorithm == "SSDEEP") return is_ssdeep(value);
  if (algorithm == "TLSH") return is_tlsh(value);
  return true;
}

bool is_cpe_2_3(std::string_view text) {
  if (!text.starts_with("cpe:2.3:") || text.size() < 9) return false;
  std::size_t parts = 1;
  for (std::size_t i = 8; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == ':')
      ++parts;
    else if (static_cast<unsigned char>(text[i]) <= 0x20)
      return false;
  }
  constexpr std::size_t components = 11;  // part, vendor, product ... other
  return parts == components && std::string_view("aho*-").contains(text[8]);
}

bool is_language_tag(std::string_view text) {
  const auto subtags = split(text, '-');
  const auto& primary = subtags.front();
  if (!std::ranges::all_of(primary, is_letter)) return false;
  if (primary == "x" || primary == "X" || primary == "i" || primary == "I") {
    if (subtags.size() < 2) return false;
  } else if (!is_language(primary)) {
    return false;
  }
  return std::ranges::all_of(subtags, [](std::string_view subtag) {
    return !subtag.empty() && subtag.size() <= 8 && std::ranges::all_of(subtag, is_alphanumeric);
  });
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool good = i % 3 == 2 ? text[i] == ':' : is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'f');
    if (!good) return false;
  }
  return true;
}

/// Nothing but what an address in CIDR notation is written with; `canonical` is more generous (defanged,
/// padded).
bool is_plain_address(std::string_view text) {
  const auto fits = [](char c) { return is_hex(c) || c == '.' || c == ':' || c == '/'; };
  return std::ranges::all_of(text, fits);
}

}  // namespace shieldwall::model
