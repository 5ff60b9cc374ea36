#include "model/pattern_lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"

namespace shieldwall::model {

namespace {

using Kind = PatternToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

constexpr std::array<std::string_view, 18> keywords = {"AND",
                                                       "OR",
                                                       "NOT",
                                                       "FOLLOWEDBY",
                                                       "LIKE",
                                                       "MATCHES",
                                                       "ISSUPERSET",
                                                       "ISSUBSET",
                                                       "EXISTS",
                                                       "LAST",
                                                       "IN",
                                                       "START",
                                                       "STOP",
                                                       "SECONDS",
                                                       "WITHIN",
                                                       "REPEATS",
                                                       "TIMES",
                                                       "true"};

bool is_keyword(std::string_view word) {
  return word == "false" || std::ranges::find(keywords, word) != keywords.end();
}

/// Bytes of the white space character at the front of `text`, 0 if there is none: ASCII and the Unicode ones
/// of the grammar.
std::size_t space_size(std::string_view text) {
  static constexpr std::array<std::string_view, 19> wide = {"\u0085",
                                                            "\u00a0",
                                                            "\u1680",
                                                            "\u2000",
                                                            "\u2001",
                                                            "\u2002",
                                                            "\u2003",
                                                            "\u2004",
                                                            "\u2005",
                                                            "\u2006",
                                                            "\u2007",
                                                            "\u2008",
                                                            "\u2009",
                                                            "\u200a",
                                                            "\u2028",
                                                            "\u2029",
                                                            "\u202f",
                                                            "\u205f",
                                                            "\u3000"};
  if (std::string_view(" \t\r\n\v\f").find(text.front()) != std::string_view::npos) return 1;
  const auto* const found =
      std::ranges::find_if(wide, [&](std::string_view space) { return text.starts_with(space); });
  return found == wide.end() ? 0 : found->size();
}

/// `YYYY-MM-DDThh:mm:ss[.s]Z` with each number in its range; the 31st of any month passes, as in the grammar.
bool is_timestamp(std::string_view text) {
  static constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size() || text.back() != 'Z') return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  if (number(5) < 1 || number(5) > 12 || number(8) < 1 || number(8) > 31) return false;
  if (number(11) > 23 || number(14) > 59 || number(17) > 60) return false;
  const auto fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  return fraction.empty() || (fraction.size() > 1 && fraction[0] == '.' &&
                              std::all_of(fraction.begin() + 1, fraction.end(), is_digit));
}

/// RFC 4648 section 4 in whole groups of four. The unused bits of the last character may be anything: the
/// grammar of patterns says nothing about them.
std::optional<std::string> decoded_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const auto digit = alphabet.find(c);
    if (digit == alphabet.npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xffff;
    if ((have += 6) < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xff);
  }
  return out;
}

}  // namespace

PatternToken PatternLexer::token(Kind kind, std::size_t size) {
  PatternToken made{.kind = kind, .text = text_.substr(at_, size), .value = {}, .offset = at_};
  at_ += made.text.size();
  return made;
}

Done PatternLexer::skip_space() {
  while (at_ < text_.size()) {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("/*")) {
      const auto end = rest.find("*/", 2);
      if (end == rest.npos) return fail(ErrorCode::invalid, "at {}: the comment has no end", at_);
      at_ += end + 2;
    } else if (rest.starts_with("//")) {
      at_ += std::min(rest.find_first_of("\r\n"), rest.size());
    } else if (const auto size = space_size(rest); size > 0) {
      at_ += size;
    } else {
      break;
    }
  }
  return {};
}

Result<PatternToken> PatternLexer::quoted(Kind kind, std::size_t prefix_bytes) {
  const std::size_t start = at_;
  std::string value;
  std::size_t i = start + prefix_bytes + 1;
  for (; i < text_.size() && text_[i] != '\''; ++i) {
    if (text_[i] == '\\') {
      if (i + 1 == text_.size() || (text_[i + 1] != '\'' && text_[i + 1] != '\\'))
        return fail(ErrorCode::invalid,
                    "at {}: a backslash stands for itself doubled (\\\\), or before a quote (\\')",
                    i);
      ++i;
    }
    value += text_[i];
  }
  if (i >= text_.size()) return fail(ErrorCode::invalid, "at {}: the quote is not closed", start);
  auto made = token(kind, i + 1 - start);
  made.value = std::move(value);
  return made;
}

Result<PatternToken> PatternLexer::number() {
  const auto rest = text_.substr(at_);
  std::size_t i = rest[0] == '+' || rest[0] == '-' ? 1 : 0;
  const std::size_t digits = i;
  while (i < rest.size() && is_digit(rest[i])) ++i;
  if (i + 1 < rest.size() && rest[i] == '.' && is_digit(rest[i + 1])) {
    for (++i; i < rest.size() && is_digit(rest[i]);) ++i;
    return token(Kind::floating, i);
  }
  if (i == digits) return fail(ErrorCode::invalid, "at {}: a number without digits", at_);
  if (rest[digits] == '0' && i > digits + 1)
    return fail(ErrorCode::invalid, "at {}: an integer begins with 0", at_);
  return token(Kind::integer, i);
}

PatternToken PatternLexer::word() {
  const auto rest = text_.substr(at_);
  std::size_t size = 1;
  bool hyphen = false;
  for (; size < rest.size() && (begins_name(rest[size]) || is_digit(rest[size]) || rest[size] == '-'); ++size)
    hyphen = hyphen || rest[size] == '-';
  if (hyphen) return token(Kind::hyphened_name, size);
  return token(is_keyword(rest.substr(0, size)) ? Kind::keyword : Kind::name, size);
}

Result<PatternToken> PatternLexer::next() {
  TRY(skip_space());
  if (at_ >= text_.size()) return token(Kind::end, 0);
  const auto rest = text_.substr(at_);
  const char c = rest[0];
  const bool prefixed = rest.size() > 1 && rest[1] == '\'';
  if (c == '\'') return quoted(Kind::string, 0);
  if (c == 't' && prefixed) {
    auto made = TRY(quoted(Kind::timestamp, 1));
    if (made.text.substr(2).find('\\') != made.text.npos || !is_timestamp(made.value))
      return fail(ErrorCode::invalid,
                  "at {}: {} is not a time; write t'2024-01-15T12:30:45.123Z'",
                  made.offset,
                  excerpt(made.text));
    return made;
  }
  if (c == 'b' && prefixed) {
    auto made = TRY(quoted(Kind::binary, 1));
    auto bytes = decoded_base64(made.value);
    if (!bytes) return fail(ErrorCode::invalid, "at {}: {} is not base64", made.offset, excerpt(made.text));
    made.value = std::move(*bytes);
    return made;
  }
  if (c == 'h' && prefixed) {
    auto made = TRY(quoted(Kind::hex, 1));
    auto bytes = from_hex(made.value);
    if (!bytes)
      return fail(ErrorCode::invalid, "at {}: {} is not hexadecimal", made.offset, excerpt(made.text));
    made.value = std::move(*bytes);
    return made;
  }
  if (is_digit(c) || c == '+' || c == '-' || (c == '.' && rest.size() > 1 && is_digit(rest[1])))
    return number();
  if (begins_name(c)) return word();
  for (const std::string_view symbol : {"==", "!=", "<>", "<=", ">="})
    if (rest.starts_with(symbol)) return token(Kind::symbol, 2);
  if (std::string_view("=<>:.,()[]*").find(c) != std::string_view::npos) return token(Kind::symbol, 1);
  return fail(ErrorCode::invalid, "at {}: '{}' begins nothing in a pattern", at_, excerpt(rest.substr(0, 4)));
}

}  // namespace shieldwall::model
