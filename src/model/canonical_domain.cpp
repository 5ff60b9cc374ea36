#include <algorithm>
#include <cstdlib>
#include <memory>

#include <idn2.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/text.h"
#include "model/canonical_parts.h"

namespace shieldwall::model {

namespace {

using Freed = std::unique_ptr<char, decltype(&std::free)>;

bool is_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == text.npos;
}

/// What browsers and resolvers would read as the end of an IPv4 address (WHATWG URL, "ends in a number").
bool is_number(std::string_view label) {
  if (is_digits(label)) return true;
  return label.starts_with("0x") && label.find_first_not_of("0123456789abcdef", 2) == label.npos;
}

Done check_labels(std::string_view name) {
  static constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (const auto at = name.find_first_not_of(allowed); at != name.npos)
    return fail(ErrorCode::invalid,
                "'{}' is not a domain name: '{}' at {}",
                excerpt(name),
                excerpt(name.substr(at, 1)),
                at);
  for (std::string_view rest = name;;) {
    const auto label = rest.substr(0, rest.find('.'));
    if (label.empty()) return fail(ErrorCode::invalid, "'{}' has an empty label", excerpt(name));
    if (label.size() > 63) return fail(ErrorCode::invalid, "'{}' has a label over 63 bytes", excerpt(name));
    if (label.size() == rest.size()) {
      if (is_number(label)) return fail(ErrorCode::invalid, "'{}' ends in a number", excerpt(name));
      return {};
    }
    rest.remove_prefix(label.size() + 1);
  }
}

Result<std::string> to_a_labels(std::string_view text) {
  const std::string input(text);
  char* made = nullptr;
  // Non-transitional: sharp s and final sigma are letters of their own (UTS 46, IDNA2008).
  const int code = idn2_to_ascii_8z(input.c_str(), &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Freed owner(made, &std::free);
  if (code != IDN2_OK)
    return fail(ErrorCode::invalid,
                "'{}' is not an internationalised domain name: {}",
                excerpt(text),
                idn2_strerror(code));
  return to_lower_ascii(made);
}

}  // namespace

Result<std::string> canonical_domain(std::string_view text, SingleLabel single) {
  if (text.size() > 4096)
    return fail(ErrorCode::invalid, "'{}' is too long for a domain name", excerpt(text));
  if (text.find('\0') != text.npos || !is_valid_utf8(text))
    return fail(ErrorCode::invalid, "'{}' is not a domain name: not UTF-8 text", excerpt(text));
  std::string name = is_ascii(text) ? to_lower_ascii(text) : TRY(to_a_labels(text));
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  if (name.empty()) return fail(ErrorCode::invalid, "an empty domain name");
  if (name.size() > 253) return fail(ErrorCode::invalid, "'{}' is over 253 bytes", excerpt(name));
  TRY(check_labels(name));
  if (single == SingleLabel::refuse && name.find('.') == name.npos)
    return fail(ErrorCode::invalid, "'{}' is a single label", excerpt(name));
  return name;
}

Result<std::string> folded(std::string_view text) {
  if (is_ascii(text)) return to_lower_ascii(text);
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "'{}' is not UTF-8", excerpt(text));
  std::string result(text);
  // Folding and composing can each undo the other once; three rounds settle every known character.
  for (int round = 0; round < 4; ++round) {
    std::size_t size = 0;
    const Freed made(reinterpret_cast<char*>(u8_casefold(reinterpret_cast<const std::uint8_t*>(result.data()),
                                                         result.size(),
                                                         nullptr,
                                                         UNINORM_NFC,
                                                         nullptr,
                                                         &size)),
                     &std::free);
    if (!made) return fail(ErrorCode::exhausted, "no memory to fold text");
    std::string next(made.get(), size);
    if (next == result) return result;
    result = std::move(next);
  }
  return fail(ErrorCode::invalid, "'{}' has no settled lower-case form", excerpt(text));
}

}  // namespace shieldwall::model
