#include "model/json_reader.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::model {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool JsonReader::refuse(ErrorCode code, const char* at, std::string_view why) {
  code_ = code;
  error_at_ = at;
  why_ = why;
  return false;
}

bool JsonReader::unexpected(std::string_view wanted) {
  if (at_ == end_)
    return refuse(ErrorCode::invalid, at_, fmt::format("the text ends where {} should be", wanted));
  return refuse(ErrorCode::invalid,
                at_,
                fmt::format("expected {}, found '{}'", wanted, excerpt(std::string_view(at_, end_), 12)));
}

/// Lines and columns are counted from 1, columns in characters.
Error JsonReader::error() const {
  const std::string_view before(begin_, error_at_);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column =
      1 + std::ranges::count_if(before.substr(line_start), [](char c) { return (c & 0xc0) != 0x80; });
  return {code_, fmt::format("line {}, column {}: {}", line, column, why_)};
}

std::uint32_t JsonReader::push(JsonKind kind, const char* from) {
  tree_.nodes.push_back({offset(from), 0, 0, 0, kind, false, false});
  return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
}

Done JsonReader::run() {
  // Most STIX text holds a value for every 20 to 30 bytes.
  tree_.nodes.reserve(std::min(tree_.text.size() / 16 + 8, limits_.values_max));
  do {
    skip_space();
  } while (step());
  if (error_at_ != nullptr) return fail(error());
  return {};
}

/// False at the end of the text and at an error.
bool JsonReader::step() {
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

bool JsonReader::read_comma() {
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

bool JsonReader::read_key() {
  if (*at_ != '"') return unexpected("a key in quotes");
  if (!read_string(false)) return false;
  skip_space();
  if (*at_ != ':') return unexpected("':'");
  ++at_;
  expect_ = Expect::value;
  return true;
}

bool JsonReader::read_value() {
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

bool JsonReader::open(JsonKind kind) {
  if (open_.size() >= static_cast<std::size_t>(limits_.depth_max))
    return refuse(ErrorCode::exhausted, at_, fmt::format("nested more than {} deep", limits_.depth_max));
  open_.push_back(push(kind, at_));
  ++at_;
  expect_ = kind == JsonKind::object ? Expect::first_key : Expect::first_element;
  return true;
}

bool JsonReader::close() {
  const std::uint32_t container = open_.back();
  open_.pop_back();
  JsonNode& node = tree_.nodes[container];
  ++at_;
  node.end = offset(at_);
  node.a = static_cast<std::uint32_t>(tree_.nodes.size());
  expect_ = Expect::comma;
  return node.kind == JsonKind::array || node.b < 2 || refuse_duplicate_keys(container);
}

bool JsonReader::read_literal(std::string_view word, JsonKind kind) {
  if (!std::string_view(at_, end_).starts_with(word)) return unexpected("a value");
  const auto node = push(kind, at_);
  at_ += word.size();
  tree_.nodes[node].end = offset(at_);
  return true;
}

/// RFC 8259 section 6: no leading zeros, no plus sign, digits on both sides of the point.
bool JsonReader::read_number() {
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

Done read_json(JsonTree& tree, const JsonLimits& limits) {
  const std::string_view text = tree.text;
  if (text.size() >= UINT32_MAX)
    return fail(ErrorCode::exhausted, "a JSON text of {} bytes; the limit is 4 GiB", text.size());
  if (text.starts_with(utf8_mark))
    return fail(ErrorCode::invalid,
                "the text starts with a byte order mark; JSON is sent without one (RFC 8259 section 8.1)");
  if (has_utf16_mark(text) || text.substr(0, 4).contains('\0'))
    return fail(ErrorCode::invalid, "the text is not UTF-8; it looks like UTF-16 or UTF-32");
  TRY(JsonReader(tree, limits).run());
  // Closing an inner object comes before closing the outer one, so the indexes need their order.
  std::ranges::sort(tree.indexes, {}, &JsonIndex::object);
  return {};
}

}  // namespace shieldwall::model
