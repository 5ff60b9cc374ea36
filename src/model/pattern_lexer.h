#pragma once
// Words of a STIX pattern (STIX 2.1 section 9.2 and the grammar of its appendix); for pattern.cpp alone.

#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::model {

struct PatternToken {
  enum class Kind : std::uint8_t {
    end,
    keyword,        // AND OR NOT ... true false, upper case but for the last two
    name,           // letters, digits, '_'
    hyphened_name,  // with '-' too: object types alone
    integer,
    floating,
    string,
    timestamp,
    binary,
    hex,
    symbol,  // = == != <> < <= > >= : . , ( ) [ ] *
  };
  Kind kind = Kind::end;
  std::string_view text;  // as written
  std::string value;      // string: unescaped; timestamp: between the quotes; binary, hex: decoded
  std::size_t offset = 0;

  bool is(std::string_view word) const {
    return (kind == Kind::keyword || kind == Kind::symbol) && text == word;
  }
};

class PatternLexer {
 public:
  explicit PatternLexer(std::string_view text) : text_(text) {}
  /// The next word; kind `end` at the end. errors: invalid, with the byte offset
  Result<PatternToken> next();

 private:
  Done skip_space();
  Result<PatternToken> number();
  Result<PatternToken> quoted(PatternToken::Kind kind, std::size_t prefix_bytes);
  PatternToken word();
  PatternToken token(PatternToken::Kind kind, std::size_t size);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace shieldwall::model
