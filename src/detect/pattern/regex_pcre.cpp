// From PCRE's spelling to RE2's: what RE2 lacks and can be said otherwise is said otherwise, what needs a
// backtracking engine is refused with its name.

#include <string>

#include "base/text.h"
#include "detect/pattern/regex.h"

namespace shieldwall::detect {

namespace {

class Translator {
 public:
  explicit Translator(std::string_view pcre) : in_(pcre) {}

  Result<std::string> run() {
    while (at_ < in_.size()) TRY(step());
    return std::move(out_);
  }

 private:
  std::unexpected<Error> needs(std::string_view what) const {
    return fail(
        ErrorCode::invalid,
        "MATCHES '{}': {} at {}: no engine that answers in linear time has them, and patterns come from "
        "others",
        excerpt(in_),
        what,
        at_);
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  bool starts(std::string_view text) const { return in_.substr(at_).starts_with(text); }
  void copy(std::size_t count) {
    count = std::min(count, in_.size() - at_);
    out_ += in_.substr(at_, count);
    at_ += count;
  }
  void replace(std::size_t count, std::string_view by) {
    out_ += by;
    at_ += count;
  }

  Done step() {
    switch (peek()) {
      case '\\':
        return escape();
      case '[':
        return char_class();
      case '(':
        return group();
      case '*':
      case '+':
      case '?':
      case '}':
        return quantifier();
      case '$':
        // PCRE: the end, or before the newline that ends the text; RE2's $ is the very end.
        if (multiline_)
          copy(1);
        else
          replace(1, "(?:\\n?\\z)");
        return {};
      default:
        copy(1);
        return {};
    }
  }

  Done quantifier() {
    copy(1);
    if (peek() == '+') return needs("possessive quantifiers");
    if (peek() == '?') copy(1);
    return {};
  }

  Done escape() {
    const char what = peek(1);
    if (starts("\\Q")) {
      const auto end = in_.find("\\E", at_);
      copy(end == in_.npos ? in_.size() - at_ : end + 2 - at_);
    } else if (what >= '1' && what <= '9') {
      return needs("back-references");
    } else if (what == 'k' || what == 'g') {
      return needs("back-references or calls of groups");
    } else if (what == 'K' || what == 'G' || what == 'X') {
      return needs("\\K, \\G or \\X");
    } else if (what == 'Z') {
      replace(2, "(?:\\n?\\z)");
    } else if (what == 'h') {
      replace(2, "[\\t \\x{a0}]");
    } else if (what == 'R') {
      replace(2, "(?:\\r\\n|[\\n\\v\\f\\r])");
    } else if (what == 'N') {
      replace(2, "[^\\n]");
    } else {
      common_escape();
    }
    return {};
  }

  /// Escapes that mean the same inside a class and outside.
  void common_escape() {
    const char what = peek(1);
    if (what == 'e') {
      replace(2, "\\x1b");
    } else if (what == '0') {
      replace(2, "\\x00");
    } else if (what == 'u' && at_ + 6 <= in_.size()) {
      out_ += "\\x{";
      out_ += in_.substr(at_ + 2, 4);
      out_ += "}";
      at_ += 6;
    } else {
      copy(2);
    }
  }

  Done char_class() {
    copy(1);
    if (peek() == '^') copy(1);
    if (peek() == ']') copy(1);  // first, it stands for itself
    while (at_ < in_.size() && peek() != ']') {
      if (starts("[:")) {
        const auto end = in_.find(":]", at_);
        copy(end == in_.npos ? 1 : end + 2 - at_);
      } else if (peek() == '[') {
        replace(1, "\\[");
      } else if (starts("\\h")) {
        replace(2, "\\t \\x{a0}");
      } else if (starts("\\b")) {
        replace(2, "\\x08");
      } else if (peek() == '\\') {
        common_escape();
      } else {
        copy(1);
      }
    }
    copy(1);
    return {};
  }

  Done group() {
    if (starts("(*")) return needs("verbs");
    if (!starts("(?")) {
      copy(1);
      return {};
    }
    if (starts("(?=") || starts("(?!") || starts("(?<=") || starts("(?<!")) return needs("look-around");
    if (starts("(?>")) return needs("atomic groups");
    if (starts("(?(")) return needs("conditions");
    if (starts("(?|")) return needs("branch resets");
    if (starts("(?P=")) return needs("back-references");
    if (starts("(?P>") || starts("(?&") || starts("(?R") || (peek(2) >= '0' && peek(2) <= '9') ||
        (peek(2) == '+' || (peek(2) == '-' && peek(3) >= '0' && peek(3) <= '9')))
      return needs("recursion");
    if (starts("(?#")) {
      const auto end = in_.find(')', at_);
      at_ = end == in_.npos ? in_.size() : end + 1;
      return {};
    }
    if (starts("(?<") || starts("(?'")) {  // a named group; nothing can refer to it
      const auto end = in_.find(peek(2) == '<' ? '>' : '\'', at_ + 3);
      replace((end == in_.npos ? in_.size() : end + 1) - at_, "(");
      return {};
    }
    return flags();
  }

  /// `(?flags)` and `(?flags:`; x is refused, as it changes what follows.
  Done flags() {
    auto end = at_ + 2;
    while (end < in_.size() && (in_[end] == '-' || (in_[end] >= 'a' && in_[end] <= 'z'))) ++end;
    const auto set = in_.substr(at_ + 2, end - at_ - 2);
    const auto on = set.substr(0, set.find('-'));
    if (on.find('x') != on.npos) return needs("spaces without meaning (flag x)");
    if (on.find('m') != on.npos) multiline_ = true;
    copy(end - at_);
    return {};
  }

  std::string_view in_;
  std::string out_;
  std::size_t at_ = 0;
  bool multiline_ = false;
};

}  // namespace

Result<std::string> pcre_to_re2(std::string_view pcre) {
  return Translator(pcre).run();
}

}  // namespace shieldwall::detect
