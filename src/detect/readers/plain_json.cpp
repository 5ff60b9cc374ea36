#include "detect/readers/plain_json.h"

#include <cstring>

namespace shieldwall::detect {

namespace {

constexpr int depth_max = 16;                       // deeper ones are rare, and the full parser has a limit
constexpr std::size_t line_bytes_plain = 1u << 20;  // longer ones too: no memory is kept for their quotes
constexpr std::size_t fields_max = 10'000;
constexpr std::size_t name_bytes_plain = 1'024;  // each field below repeats it

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Walks one line. Every member says false when it met something that is not for it.
class Walk {
 public:
  Walk(std::string_view line, std::span<const std::uint32_t> marks, Record& record, Arena& arena)
      : text_(line), marks_(marks), record_(record), arena_(arena) {}

  bool run() {
    skip_spaces();
    if (!take('{') || !members({}, 1)) return false;
    skip_spaces();
    return at_ == text_.size();
  }

 private:
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces() {
    while (here() == ' ') ++at_;
  }
  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    return true;
  }

  /// What stands between the quote here and the one that ends its string.
  bool string(std::string_view& out) {
    if (next_mark_ + 1 >= marks_.size() || marks_[next_mark_] != at_ || text_[at_] != '"') return false;
    const auto end = marks_[next_mark_ + 1];
    if (text_[end] != '"') return escaped_string(out);
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    next_mark_ += 2;
    return true;
  }

  /// The same with escapes of one letter in it.
  bool escaped_string(std::string_view& out) {
    const auto first = next_mark_ + 1;
    auto last = first;  // to the quote that ends it
    while (last < marks_.size() && text_[marks_[last]] == '\\') last += hides_next(last) ? 2 : 1;
    if (last >= marks_.size()) return false;
    std::size_t from = at_ + 1;
    char* const bytes = arena_.take(marks_[last] - from);
    char* to = bytes;
    for (auto mark = first; mark != last; mark += hides_next(mark) ? 2 : 1) {
      const std::size_t at = marks_[mark];
      const char meaning =
          meaning_of(text_[at + 1]);  // a string's last backslash is not the line's last byte
      if (meaning == '\0') return false;
      std::memcpy(to, text_.data() + from, at - from);
      to += at - from;
      *to++ = meaning;
      from = at + 2;
    }
    std::memcpy(to, text_.data() + from, marks_[last] - from);
    to += marks_[last] - from;
    out = {bytes, static_cast<std::size_t>(to - bytes)};
    at_ = marks_[last] + 1;
    next_mark_ = last + 1;
    return true;
  }

  /// Is the next mark what this backslash escapes?
  bool hides_next(std::size_t mark) const {
    return mark + 1 < marks_.size() && marks_[mark + 1] == marks_[mark] + 1;
  }
  static char meaning_of(char letter) {
    switch (letter) {  // RFC 8259 §7
      case '"':
      case '\\':
      case '/':
        return letter;
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        return '\0';
    }
  }

  /// Behind the opening brace, to the closing one.
  bool members(std::string_view name, int depth) {
    if (name.size() > name_bytes_plain) return false;
    skip_spaces();
    if (take('}')) return true;
    for (;;) {
      std::string_view key;
      skip_spaces();
      if (!string(key)) return false;
      skip_spaces();
      if (!take(':')) return false;
      if (!value(name.empty() ? key : arena_.keep(name, ".", key), depth)) return false;
      skip_spaces();
      if (take(',')) continue;
      return take('}');
    }
  }

  bool elements(std::string_view name, int depth) {
    skip_spaces();
    if (take(']')) return true;
    for (;;) {
      if (!value(name, depth)) return false;
      skip_spaces();
      if (take(',')) continue;
      return take(']');
    }
  }

  bool value(std::string_view name, int depth) {
    skip_spaces();
    switch (here()) {
      case '"': {
        std::string_view text;
        return string(text) && add(name, text, true);
      }
      case '{':
        ++at_;
        return depth < depth_max && members(name, depth + 1);
      case '[':
        ++at_;
        return depth < depth_max && elements(name, depth + 1);
      case 't':
        return word("true") && add(name, "true", false);
      case 'f':
        return word("false") && add(name, "false", false);
      case 'n':
        return word("null");
      default:
        return number(name);
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool digits() {
    const auto start = at_;
    while (is_digit(here())) ++at_;
    return at_ > start;
  }

  bool number(std::string_view name) {
    const auto start = at_;
    take('-');
    const bool leading_zero = here() == '0';
    const auto whole = at_;
    if (!digits() || (leading_zero && at_ - whole > 1)) return false;
    if (take('.') && !digits()) return false;
    if (here() == 'e' || here() == 'E') {
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return add(name, text_.substr(start, at_ - start), false);
  }

  bool add(std::string_view name, std::string_view value, bool is_text) {
    if (record_.fields.size() >= fields_max) return false;
    record_.fields.push_back({name, value, is_text});
    return true;
  }

  std::string_view text_;
  std::span<const std::uint32_t> marks_;  // quotes and backslashes
  Record& record_;
  Arena& arena_;
  std::size_t at_ = 0;
  std::size_t next_mark_ = 0;
};

}  // namespace

bool PlainJson::read(std::string_view line, Record& record, Arena& arena) {
  if (line.size() > line_bytes_plain) return false;
  if (index_quotes(line, quotes_).control) return false;
  return Walk(line, quotes_.all(), record, arena).run();
}

}  // namespace shieldwall::detect
