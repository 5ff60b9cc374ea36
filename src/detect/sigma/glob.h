#pragma once
// A Sigma string value: text with the wildcards `*` and `?` and backslash escapes
// (Sigma specification 2.0, "String Wildcard" and "Escaping").

#include <string>
#include <string_view>
#include <vector>

namespace shieldwall::detect::sigma {

/// How text is made alike on both sides before it is compared.
enum class View : unsigned char {
  exact = 0,         // `cased`
  lower = 1,         // ASCII letters in lower case; the rest as it is
  exact_dashes = 2,  // `windash`: / en dash, em dash and horizontal bar read as -
  lower_dashes = 3,
};
inline constexpr int views = 4;

/// Writes `text` as `view` sees it to `out`, which has room for text.size() bytes; gives what was written.
std::size_t fold(std::string_view text, View view, char* out);
std::string folded(std::string_view text, View view);

/// What View::exact_dashes and View::lower_dashes read as '-', it among them.
inline constexpr std::string_view dashes[] = {"-", "/", "\u2013", "\u2014", "\u2015"};

struct GlobPart {
  enum class Kind : unsigned char { literal, one, many };  // one: a single UTF-8 character
  Kind kind = Kind::literal;
  std::string text = {};  // literal
  bool operator==(const GlobPart&) const = default;
};

/// No two literals and no two `many` side by side.
struct Glob {
  std::vector<GlobPart> parts;

  void add(char literal);
  void add(std::string_view literal);
  void add(GlobPart::Kind wildcard);
  void add(const Glob& other);
  bool has_wildcards() const;
  /// The text of a pattern without wildcards.
  std::string_view plain() const { return parts.empty() ? std::string_view() : parts.front().text; }
  /// Matches every text.
  bool is_everything() const { return parts.size() == 1 && parts.front().kind == GlobPart::Kind::many; }
  bool operator==(const Glob&) const = default;
};

/// `\*`, `\?` and `\\` stand for the second character, any other backslash for itself.
Glob read_glob(std::string_view text);

/// Whether all of `text` matches. In time at most |text| * |glob|; both sides already folded alike.
bool matches(const Glob& glob, std::string_view text);

}  // namespace shieldwall::detect::sigma
