#pragma once
// Regular expressions of LIKE and MATCHES on a linear-time engine. STIX 2.1 section 9.6.1: MATCHES takes PCRE
// and searches (nothing anchors it), LIKE takes % and _ and means the whole value; both sides of either are
// in Unicode NFC.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::detect {

/// What values it will be asked about.
enum class RegexOn : std::uint8_t {
  text,   // UTF-8
  bytes,  // decoded from a property in _hex or _bin; each byte is the character of its number (0..255)
};

class Regex {
 public:
  /// PCRE as far as it can be matched in linear time.
  ///   errors  invalid: not a regular expression, or one with back-references, look-around, atomic groups,
  ///           recursion or conditions, which no linear-time engine has; says which
  ///           exhausted: its program is too large
  static Result<Regex> matches(std::string_view pcre, RegexOn on);
  /// `%` stands for any number of characters, `_` for one.
  static Result<Regex> like(std::string_view wildcards, RegexOn on);

  bool test(std::string_view value) const;  // on text: NFC of it is looked at

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

/// PCRE in the spelling of RE2. errors: invalid: as above
Result<std::string> pcre_to_re2(std::string_view pcre);

/// Unicode NFC. ASCII is its own.
std::string nfc(std::string_view text);

/// UTF-8 as one byte a character. False when one is beyond 255.
bool to_latin1(std::string_view utf8, std::string& bytes);

}  // namespace shieldwall::detect
