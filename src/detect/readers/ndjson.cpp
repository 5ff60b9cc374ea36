// One JSON value a line, walked without building a tree: Zeek JSON, Suricata EVE, ECS, OCSF and any other.
#include <bit>
#include <cstring>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/plain_json.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

constexpr int depth_max = 64;                        // as for STIX; events nest a handful deep
constexpr std::size_t fields_max = 1'000'000;        // a hostile line of 100 MB holds 14 million
constexpr std::size_t names_bytes_max = 256u << 20;  // of a line: names repeat those above them

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Bytes before the first quote, backslash or control character of `text`, eight at a step.
std::size_t plain_size(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
  const auto zero_byte = [](std::uint64_t word) { return (word - ones) & ~word & highs; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    const auto found =
        zero_byte(word ^ ones * '"') | zero_byte(word ^ ones * '\\') | ((word - ones * 0x20) & ~word & highs);
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (at < text.size() && text[at] != '"' && text[at] != '\\' &&
         static_cast<unsigned char>(text[at]) >= 0x20)
    ++at;
  return at;
}

class NdjsonParser final : public RecordParser {
 public:
  explicit NdjsonParser(bool quickly) : quickly_(quickly) {}

  Result<bool> parse(std::string_view line, Record& record) override {
    arena_.clear();
    if (quickly_) {
      if (quick_.read(line, record, arena_)) return true;
      record.fields.clear();
      arena_.clear();
    }
    text_ = line;
    at_ = names_bytes_ = 0;
    record_ = &record;
    skip_space();
    if (at_ == text_.size()) return false;
    if (text_[at_] != '{' && text_[at_] != '[') return error("is not a JSON object");
    TRY(value("", 0));
    skip_space();
    if (at_ != text_.size()) return error("has something behind its JSON value");
    return true;
  }

 private:
  std::unexpected<Error> error(std::string_view what) const {
    return fail(ErrorCode::invalid, "{} (at {})", what, at_ + 1);
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Done value(std::string_view name, int depth) {
    skip_space();
    if (at_ == text_.size()) return error("ends early");
    if (record_->fields.size() >= fields_max) return error("has more values than are looked at");
    switch (text_[at_]) {
      case '{':
        return object(name, depth + 1);
      case '[':
        return array(name, depth + 1);
      case '"': {
        ++at_;
        const auto text = TRY(string());
        record_->fields.push_back({name, text});
        return {};
      }
      case 't':
        return word("true", name);
      case 'f':
        return word("false", name);
      case 'n':
        return word("null", name);
      default:
        return number(name);
    }
  }

  Done object(std::string_view name, int depth) {
    if (depth > depth_max) return error("nests too deep");
    ++at_;
    if (take('}')) return {};
    do {
      if (!take('"')) return error("has no key where one is expected");
      const auto key = TRY(string());
      if (!take(':')) return error("has no colon behind a key");
      names_bytes_ += name.size() + key.size();
      if (names_bytes_ > names_bytes_max) return error("has longer names than are looked at");
      TRY(value(name.empty() ? key : arena_.keep(name, ".", key), depth));
    } while (take(','));
    if (!take('}')) return error("has no comma or } where one is expected");
    return {};
  }

  Done array(std::string_view name, int depth) {
    if (depth > depth_max) return error("nests too deep");
    ++at_;
    if (take(']')) return {};
    do {
      TRY(value(name, depth));
    } while (take(','));
    if (!take(']')) return error("has no comma or ] where one is expected");
    return {};
  }

  /// The text up to the closing quote, which is taken.
  Result<std::string_view> string() {
    const auto rest = text_.substr(at_);
    const auto plain = plain_size(rest);
    if (plain < rest.size() && rest[plain] == '"') {
      at_ += plain + 1;
      return rest.substr(0, plain);
    }
    return escaped_string();
  }

  /// Of the string that at_ lies in; of the line where it has no end.
  std::size_t string_end() const {
    for (auto at = at_;;) {
      at += plain_size(text_.substr(at));
      if (at >= text_.size() || text_[at] == '"') return at;
      at = std::min(at + 2, text_.size());  // an escape, or what is refused later
    }
  }

  Result<std::string_view> escaped_string() {
    char* const out = arena_.take(string_end() - at_);  // decoding never lengthens
    std::size_t size = 0;
    for (;;) {
      const auto rest = text_.substr(at_);
      const auto plain = plain_size(rest);
      std::memcpy(out + size, rest.data(), plain);
      size += plain;
      at_ += plain;
      if (at_ == text_.size()) return error("ends inside a string");
      if (text_[at_] == '"') break;
      if (text_[at_] != '\\') return error("has a control character in a string");
      size += TRY(escape(out + size));
    }
    ++at_;
    return std::string_view(out, size);
  }

  /// Decodes the escape at at_ and says how many bytes it wrote.
  Result<std::size_t> escape(char* out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const auto known = letters.find(letter); known != letters.npos) {
      *out = meanings[known];
      at_ += 2;
      return std::size_t{1};
    }
    if (letter != 'u') return error("has an unknown escape");
    auto code = TRY(four_digits());
    if (code >= 0xdc00 && code < 0xe000) return error("has half a surrogate pair");
    if (code >= 0xd800 && code < 0xdc00) {
      if (text_.substr(at_, 2) != "\\u") return error("has half a surrogate pair");
      const auto low = TRY(four_digits());
      if (low < 0xdc00 || low >= 0xe000) return error("has half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return encode(code, out);
  }

  Result<std::uint32_t> four_digits() {
    std::uint32_t code = 0;
    if (at_ + 6 > text_.size()) return error("ends inside an escape");
    for (std::size_t i = 2; i < 6; ++i) {
      const char c = text_[at_ + i];
      const char lower = static_cast<char>(c | 0x20);
      if (!is_digit(c) && (lower < 'a' || lower > 'f'))
        return error("has a \\u without four hexadecimal digits");
      code = code * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
    }
    at_ += 6;
    return code;
  }

  static std::size_t encode(std::uint32_t code, char* out) {
    const auto put = [&](std::size_t i, std::uint32_t byte) { out[i] = static_cast<char>(byte); };
    if (code < 0x80) return put(0, code), 1;
    if (code < 0x800) return put(0, 0xc0 | code >> 6), put(1, 0x80 | (code & 63)), 2;
    if (code < 0x10000)
      return put(0, 0xe0 | code >> 12), put(1, 0x80 | (code >> 6 & 63)), put(2, 0x80 | (code & 63)), 3;
    return put(0, 0xf0 | code >> 18), put(1, 0x80 | (code >> 12 & 63)), put(2, 0x80 | (code >> 6 & 63)),
           put(3, 0x80 | (code & 63)), 4;
  }

  Done word(std::string_view expected, std::string_view name) {
    if (text_.substr(at_, expected.size()) != expected) return error("has an unknown word");
    at_ += expected.size();
    if (expected != "null") record_->fields.push_back({name, expected, false});
    return {};
  }

  std::size_t digits() {
    const auto start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - start;
  }

  Done number(std::string_view name) {
    const auto start = at_;
    if (text_[at_] == '-') ++at_;
    const bool leading_zero = at_ < text_.size() && text_[at_] == '0';
    const auto whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return error("has no value where one is expected");
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (digits() == 0) return error("has a number without digits behind its point");
    }
    if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (digits() == 0) return error("has a number without an exponent");
    }
    record_->fields.push_back({name, text_.substr(start, at_ - start), false});
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t names_bytes_ = 0;
  Record* record_ = nullptr;
  Arena arena_;
  PlainJson quick_;
  bool quickly_;
};

}  // namespace

std::unique_ptr<RecordParser> ndjson_parser() {
  return std::make_unique<NdjsonParser>(true);
}
std::unique_ptr<RecordParser> full_ndjson_parser() {
  return std::make_unique<NdjsonParser>(false);
}

}  // namespace shieldwall::detect
