// The reader: one pass over the text, no recursion, every limit checked before memory is spent.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "model/json_tree.h"

namespace shieldwall::model {

namespace {

constexpr std::uint64_t every_byte(std::uint8_t value) {
  return 0x0101010101010101u * value;
}

/// A word in which the high bit of a byte is set where that byte of `word` is a quote, a backslash or a
/// control character. Bytes above the first such one may be marked wrongly, so only the lowest mark counts.
constexpr std::uint64_t string_ends(std::uint64_t word) {
  const auto zero_bytes = [](std::uint64_t w) { return (w - every_byte(0x01)) & ~w & every_byte(0x80); };
  const std::uint64_t control = (word - every_byte(0x20)) & ~word & every_byte(0x80);
  return control | zero_bytes(word ^ every_byte('"')) | zero_bytes(word ^ every_byte('\\'));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Value of a hexadecimal digit, -1 for anything else.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xc0 | code_point >> 6);
    byte(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    byte(0xe0 | code_point >> 12);
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  } else {
    byte(0xf0 | code_point >> 18);
    byte(0x80 | (code_point >> 12 & 0x3f));
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  }
}

class Reader {
 public:
  Reader(JsonTree& tree, const JsonLimits& limits)
      : tree_(tree),
        limits_(limits),
        begin_(tree.text.data()),
        at_(begin_),
        end_(begin_ + tree.text.size()) {}

  Done run();

 private:
  enum class Expect : std::uint8_t { value, first_element, key, first_key, comma };

  bool step();
  bool read_value();
  bool read_key();
  bool read_comma();
  bool open(JsonKind kind);
  bool close();
  bool read_literal(std::string_view word, JsonKind kind);
  bool read_number();
  bool read_string(bool member);
  bool read_escaped_rest(std::uint32_t node, const char* from);
  bool read_escape();
  bool read_code_point();
  bool finish_string(std::uint32_t node, bool has_high_bytes);
  bool refuse_duplicate_keys(std::uint32_t object);
  bool refuse_duplicate_keys_of_many(std::uint32_t object);
  bool same_key(std::uint32_t object, std::uint32_t key);

  const char* scan_string(const char* from, bool& has_high_bytes) const;
  std::uint32_t push(JsonKind kind, const char* from);
  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }
  void skip_space() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  }
  bool refuse(ErrorCode code, const char* at, std::string_view why);
  bool unexpected(std::string_view wanted);
  Error error() const;

  JsonTree& tree_;
  const JsonLimits& limits_;
  const char* begin_;
  const char* at_;  // the text is a std::string, so *end_ is a NUL that no rule accepts
  const char* end_;
  std::vector<std::uint32_t> open_;  // containers around the place, outermost first
  Expect expect_ = Expect::value;
  std::size_t values_ = 0;
  std::vector<std::uint32_t> keys_;  // scratch

  ErrorCode code_ = ErrorCode::invalid;
  const char* error_at_ = nullptr;
  std::string why_;
};

bool Reader::refuse(ErrorCode code, const char* at, std::string_view why) {
  code_ = code;
  error_at_ = at;
  why_ = why;
  return false;
}

bool Reader::unexpected(std::string_view wanted) {
  if (at_ == end_)
    return refuse(ErrorCode::invalid, at_, fmt::format("the text ends where {} should be", wanted));
  return refuse(ErrorCode::invalid,
                at_,
                fmt::format("expected {}, found '{}'", wanted, excerpt(std::string_view(at_, end_), 12)));
}

/// Lines and columns are counted from 1, columns in characters.
Error Reader::error() const {
  const std::string_view before(begin_, error_at_);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column =
      1 + std::ranges::count_if(before.substr(line_start), [](char c) { return (c & 0xc0) != 0x80; });
  return {code_, fmt::format("line {}, column {}: {}", line, column, why_)};
}

std::uint32_t Reader::push(JsonKind kind, const char* from) {
  tree_.nodes.push_back({offset(from), 0, 0, 0, kind, false, false});
  return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
}

Done Reader::run() {
  // Most STIX text holds a value for every 20 to 30 bytes.
  tree_.nodes.reserve(std::min(tree_.text.size() / 16 + 8, limits_.values_max));
  do {
    skip_space();
  } while (step());
  if (error_at_ != nullptr) return fail(error());
  return {};
}

/// False at the end of the text and at an error.
bool Reader::step() {
  switch (expect_) {
    case Expect::first_element:
      if (*at_ == ']') return close();
      [[fallthrough]];
    case Expect::value:
      return read_value();
    case Expect::first_key:
      if (*at_ == '}') return close();
      [[fallthrough]];
    case Expect::key:
      return read_key();
    case Expect::comma:
      return read_comma();
  }
  return false;
}

bool Reader::read_comma() {
  if (open_.empty()) return at_ == end_ ? false : unexpected("the end of the text");
  const bool in_object = tree_.nodes[open_.back()].kind == JsonKind::object;
  if (*at_ == ',') {
    ++at_;
    expect_ = in_object ? Expect::key : Expect::value;
    return true;
  }
  if (*at_ == (in_object ? '}' : ']')) return close();
  return unexpected(in_object ? "',' or '}'" : "',' or ']'");
}

bool Reader::read_key() {
  if (*at_ != '"') return unexpected("a key in quotes");
  if (!read_string(false)) return false;
  skip_space();
  if (*at_ != ':') return unexpected("':'");
  ++at_;
  expect_ = Expect::value;
  return true;
}

bool Reader::read_value() {
  if (++values_ > limits_.values_max)
    return refuse(ErrorCode::exhausted, at_, fmt::format("more than {} values", limits_.values_max));
  bool member = false;
  if (!open_.empty()) {
    JsonNode& container = tree_.nodes[open_.back()];
    ++container.b;
    member = container.kind == JsonKind::object;
  }
  expect_ = Expect::comma;
  const auto node = tree_.nodes.size();
  bool good = false;
  switch (*at_) {
    case '"':
      return read_string(member);
    case '{':
      good = open(JsonKind::object);
      break;
    case '[':
      good = open(JsonKind::array);
      break;
    case 't':
      good = read_literal("true", JsonKind::boolean);
      break;
    case 'f':
      good = read_literal("false", JsonKind::boolean);
      break;
    case 'n':
      good = read_literal("null", JsonKind::null);
      break;
    default:
      good = read_number();
  }
  if (good) tree_.nodes[node].member = member;
  return good;
}

bool Reader::open(JsonKind kind) {
  if (open_.size() >= static_cast<std::size_t>(limits_.depth_max))
    return refuse(ErrorCode::exhausted, at_, fmt::format("nested more than {} deep", limits_.depth_max));
  open_.push_back(push(kind, at_));
  ++at_;
  expect_ = kind == JsonKind::object ? Expect::first_key : Expect::first_element;
  return true;
}

bool Reader::close() {
  const std::uint32_t container = open_.back();
  open_.pop_back();
  JsonNode& node = tree_.nodes[container];
  ++at_;
  node.end = offset(at_);
  node.a = static_cast<std::uint32_t>(tree_.nodes.size());
  expect_ = Expect::comma;
  return node.kind == JsonKind::array || node.b < 2 || refuse_duplicate_keys(container);
}

bool Reader::read_literal(std::string_view word, JsonKind kind) {
  if (!std::string_view(at_, end_).starts_with(word)) return unexpected("a value");
  const auto node = push(kind, at_);
  at_ += word.size();
  tree_.nodes[node].end = offset(at_);
  return true;
}

/// RFC 8259 section 6: no leading zeros, no plus sign, digits on both sides of the point.
bool Reader::read_number() {
  const char* const start = at_;
  const char* at = at_;
  const auto digits = [&] {
    const char* const first = at;
    while (is_digit(*at)) ++at;
    return at > first;
  };
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
    if (is_digit(*at)) return refuse(ErrorCode::invalid, at, "a number must not start with a zero");
  } else if (!digits()) {
    if (at > start) return refuse(ErrorCode::invalid, at, "expected a digit after '-'");
    return unexpected("a value");
  }
  if (*at == '.') {
    ++at;
    if (!digits()) return refuse(ErrorCode::invalid, at, "expected a digit after the decimal point");
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!digits()) return refuse(ErrorCode::invalid, at, "expected a digit in the exponent");
  }
  const auto node = push(JsonKind::number, start);
  at_ = at;
  tree_.nodes[node].end = offset(at_);
  return true;
}

/// The first quote, backslash or control character (or the final NUL).
const char* Reader::scan_string(const char* from, bool& has_high_bytes) const {
  std::uint64_t seen = 0;
  while (end_ - from >= 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const std::uint64_t ends = string_ends(word);
    if (ends != 0) {
      const int bytes = std::countr_zero(ends) / 8;
      seen |= bytes == 0 ? 0 : word << (64 - 8 * bytes);
      has_high_bytes = has_high_bytes || (seen & every_byte(0x80)) != 0;
      return from + bytes;
    }
    seen |= word;
    from += 8;
  }
  while (*from != '"' && *from != '\\' && static_cast<unsigned char>(*from) >= 0x20)
    seen |= static_cast<unsigned char>(*from++);
  has_high_bytes = has_high_bytes || (seen & every_byte(0x80)) != 0;
  return from;
}

bool Reader::read_string(bool member) {
  const std::uint32_t node = push(JsonKind::string, at_);
  tree_.nodes[node].member = member;
  bool has_high_bytes = false;
  const char* const stop = scan_string(at_ + 1, has_high_bytes);
  if (*stop == '\\') return read_escaped_rest(node, stop);
  at_ = stop;
  return finish_string(node, has_high_bytes);
}

/// At the closing quote, or at what stands where it should be.
bool Reader::finish_string(std::uint32_t node, bool has_high_bytes) {
  JsonNode& string = tree_.nodes[node];
  const char* const start = begin_ + string.begin;
  if (*at_ != '"') {
    if (at_ == end_) return refuse(ErrorCode::invalid, start, "a string that does not end");
    return refuse(
        ErrorCode::invalid,
        at_,
        fmt::format("control character U+{:04X} in a string must be escaped", static_cast<int>(*at_)));
  }
  ++at_;
  string.end = offset(at_);
  if (string.escaped) string.b = static_cast<std::uint32_t>(tree_.unescaped.size() - string.a);
  const std::size_t bytes = string.escaped ? string.b : string.end - string.begin - 2;
  if (bytes > limits_.string_bytes_max)
    return refuse(ErrorCode::exhausted,
                  start,
                  fmt::format("a string of {} bytes; the limit is {}", bytes, limits_.string_bytes_max));
  if (has_high_bytes && !is_valid_utf8(tree_.string_at(node)))
    return refuse(ErrorCode::invalid, start, "a string that is not UTF-8");
  return true;
}

bool Reader::read_escaped_rest(std::uint32_t node, const char* from) {
  std::string& out = tree_.unescaped;
  tree_.nodes[node].escaped = true;
  tree_.nodes[node].a = static_cast<std::uint32_t>(out.size());
  bool has_high_bytes =
      true;  // the part before the first escape was not remembered; checking it again is cheap
  const char* piece = begin_ + tree_.nodes[node].begin + 1;
  at_ = from;
  while (*at_ == '\\') {
    out.append(piece, at_);
    if (!read_escape()) return false;
    piece = at_;
    at_ = scan_string(at_, has_high_bytes);
  }
  out.append(piece, at_);
  return finish_string(node, has_high_bytes);
}

bool Reader::read_escape() {
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  ++at_;
  if (*at_ == 'u') return read_code_point();
  const auto which = letters.find(*at_);
  if (which == letters.npos) return unexpected("one of \"\\/bfnrtu after a backslash");
  tree_.unescaped += meanings[which];
  ++at_;
  return true;
}

/// `uXXXX`, or two of them for a character beyond the basic plane. A surrogate alone stands for no character.
bool Reader::read_code_point() {
  const char* const start = at_ - 1;
  const auto unit = [&]() -> std::int32_t {
    std::int32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_value(*++at_);  // the final NUL is no digit, so this stops before the end
      if (digit < 0) return -1;
      value = value << 4 | digit;
    }
    ++at_;
    return value;
  };
  auto code_point = unit();
  if (code_point < 0) return unexpected("four hexadecimal digits after \\u");
  if (code_point >= 0xd800 && code_point <= 0xdfff) {
    const bool pair = code_point < 0xdc00 && at_[0] == '\\' && at_[1] == 'u';
    if (!pair) return refuse(ErrorCode::invalid, start, "a surrogate that is not part of a pair");
    ++at_;
    const auto low = unit();
    if (low < 0) return unexpected("four hexadecimal digits after \\u");
    if (low < 0xdc00 || low > 0xdfff)
      return refuse(ErrorCode::invalid, start, "a surrogate that is not part of a pair");
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(tree_.unescaped, static_cast<std::uint32_t>(code_point));
  return true;
}

bool Reader::same_key(std::uint32_t object, std::uint32_t key) {
  return refuse(ErrorCode::invalid,
                begin_ + tree_.nodes[key].begin,
                fmt::format("the key '{}' stands twice in the object that starts at byte {}",
                            excerpt(tree_.string_at(key)),
                            tree_.nodes[object].begin));
}

/// Compares every pair of a small object's keys; a large one's are sorted by a hash that no sender can
/// predict.
bool Reader::refuse_duplicate_keys(std::uint32_t object) {
  if (tree_.nodes[object].b > json_linear_members_max) return refuse_duplicate_keys_of_many(object);
  std::array<std::uint64_t, json_linear_members_max>
      seen;  // length, first and last letters: equal keys agree in it
  keys_.clear();
  for (std::uint32_t key = object + 1; key < tree_.nodes[object].a; key = tree_.after(key + 1)) {
    const std::string_view name = tree_.string_at(key);
    std::uint64_t print = name.size();
    if (name.size() >= 8) {
      std::uint64_t last;
      std::memcpy(&last, name.data() + name.size() - 8, 8);
      std::uint64_t first;
      std::memcpy(&first, name.data(), 8);
      print += first * 31 ^ last;
    } else {
      for (const char c : name) print = print << 8 | static_cast<unsigned char>(c);
    }
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (seen[i] == print && tree_.string_at(keys_[i]) == name) return same_key(object, key);
    seen[keys_.size()] = print;
    keys_.push_back(key);
  }
  return true;
}

bool Reader::refuse_duplicate_keys_of_many(std::uint32_t object) {
  std::vector<JsonIndexEntry> entries;
  entries.reserve(tree_.nodes[object].b);
  for (std::uint32_t key = object + 1; key < tree_.nodes[object].a; key = tree_.after(key + 1))
    entries.push_back({keyed_hash(tree_.string_at(key)), key});
  const auto name = [&](const JsonIndexEntry& entry) { return tree_.string_at(entry.key); };
  std::ranges::sort(entries, [&](const JsonIndexEntry& a, const JsonIndexEntry& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (const int order = name(a).compare(name(b)); order != 0) return order < 0;
    return a.key < b.key;
  });
  const auto twice = std::ranges::adjacent_find(
      entries, [&](const auto& a, const auto& b) { return a.hash == b.hash && name(a) == name(b); });
  if (twice != entries.end()) return same_key(object, twice[1].key);
  tree_.indexes.push_back({object, std::move(entries)});
  return true;
}

}  // namespace

Done read_json(JsonTree& tree, const JsonLimits& limits) {
  const std::string_view text = tree.text;
  if (text.size() >= UINT32_MAX)
    return fail(ErrorCode::exhausted, "a JSON text of {} bytes; the limit is 4 GiB", text.size());
  if (text.starts_with("\xef\xbb\xbf"))
    return fail(ErrorCode::invalid,
                "the text starts with a byte order mark; JSON is sent without one (RFC 8259 section 8.1)");
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.substr(0, 4).contains('\0'))
    return fail(ErrorCode::invalid, "the text is not UTF-8; it looks like UTF-16 or UTF-32");
  TRY(Reader(tree, limits).run());
  // Closing an inner object comes before closing the outer one, so the indexes need their order.
  std::ranges::sort(tree.indexes, {}, &JsonIndex::object);
  return {};
}

}  // namespace shieldwall::model
