#include "detect/pattern/comparison.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/bytes.h"
#include "base/text.h"

namespace shieldwall::detect {

using model::PatternOperator;
using Literal = model::PatternLiteral::Kind;

ComparedNumber::ComparedNumber(std::string_view as_written) {
  auto text = as_written;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto* const end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto [stopped, error] = std::from_chars(text.data(), end, whole);
  if (stopped == end && error == std::errc()) {
    integer = whole;
    return;
  }
  floating = std::strtod(std::string(text).c_str(), nullptr);
  if (stopped != end || error != std::errc::result_out_of_range) return;
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  big = (negative ? "-" : "") + std::string(text);
}

std::partial_ordering operator<=>(const ComparedNumber& a, const ComparedNumber& b) {
  if (!a.big.empty() && !b.big.empty()) {
    const bool negative = a.big.starts_with('-');
    if (negative != b.big.starts_with('-'))
      return negative ? std::partial_ordering::less : std::partial_ordering::greater;
    const auto& left = negative ? b.big : a.big;
    const auto& right = negative ? a.big : b.big;
    return left.size() != right.size() ? left.size() <=> right.size() : left <=> right;
  }
  if (a.integer && b.integer) return *a.integer <=> *b.integer;
  // A long double holds every int64 and every double exactly.
  const auto wide = [](const ComparedNumber& n) {
    return n.integer ? static_cast<long double>(*n.integer) : static_cast<long double>(n.floating);
  };
  return wide(a) <=> wide(b);
}

namespace {

Result<LiteralCode> compile_literal(const model::PatternLiteral& literal) {
  LiteralCode made;
  switch (literal.kind) {
    case Literal::string:
      made.text = literal.text;
      made.has_bytes = to_latin1(literal.text, made.bytes);
      break;
    case Literal::integer:
    case Literal::floating:
      made.kind = LiteralCode::Kind::number;
      made.number = ComparedNumber(literal.text);
      break;
    case Literal::boolean:
      made.kind = LiteralCode::Kind::boolean;
      made.boolean = literal.boolean;
      break;
    case Literal::timestamp: {
      const auto time = TRY(parse_time(literal.text));
      made.kind = LiteralCode::Kind::instant;
      made.instant = time.at;
      made.finer = time.finer;
      break;
    }
    case Literal::binary:
    case Literal::hex:
      made.kind = LiteralCode::Kind::bytes;
      made.bytes = literal.text;
      made.has_bytes = true;
      break;
  }
  return made;
}

bool satisfies(PatternOperator op, std::partial_ordering order) {
  switch (op) {
    case PatternOperator::equal:
    case PatternOperator::not_equal:  // negated by the caller
    case PatternOperator::in:
      return order == 0;
    case PatternOperator::greater:
      return order > 0;
    case PatternOperator::greater_equal:
      return order >= 0;
    case PatternOperator::less:
      return order < 0;
    case PatternOperator::less_equal:
      return order <= 0;
    default:
      return false;
  }
}

/// By unsigned bytes; of UTF-8 this is the order of code points.
std::partial_ordering by_bytes(std::string_view a, std::string_view b) {
  return a.compare(b) <=> 0;
}

Truth as_truth(bool value) {
  return value ? Truth::yes : Truth::no;
}

/// The bytes behind a text of _hex or _bin. False when it is no such text.
bool decode(PathCode::Coding coding, std::string_view text, std::string& bytes) {
  auto decoded = coding == PathCode::Coding::hex ? from_hex(text) : from_base64(text);
  if (!decoded) return false;
  bytes = std::move(*decoded);
  return true;
}

bool stands_in(const Observation& in,
               const ObservedValue& value,
               const model::Network& network,
               bool inside) {
  if (value.type != ObservedType::text) return false;
  const auto seen = model::parse_network(in.text_of(value));
  if (!seen || seen->is_v4() != network.is_v4()) return false;
  const auto& outer = inside ? network : *seen;
  const auto& inner = inside ? *seen : network;
  return outer.bits <= inner.bits && model::masked(inner.first, outer.bits) == outer.first;
}

}  // namespace

ComparisonCode::ComparisonCode(const model::Comparison& comparison)
    : path_(comparison.path), op_(comparison.op), negated_(comparison.negated) {}

Result<ComparisonCode> ComparisonCode::compile(const model::Comparison& comparison) {
  ComparisonCode made(comparison);
  if (const auto done = made.prepare(comparison); !done)
    return fail(Error(done.error()).within(fmt::format("at {}", comparison.offset)));
  if (made.op_ == PatternOperator::not_equal) {  // != is NOT =, NOT != is =
    made.op_ = PatternOperator::equal;
    made.negated_ = !made.negated_;
  }
  return made;
}

Done ComparisonCode::prepare(const model::Comparison& comparison) {
  for (const auto& literal : comparison.literals) literals_.push_back(TRY(compile_literal(literal)));
  for (const auto& literal : literals_)
    if (literal.kind != literals_.front().kind)
      return fail(ErrorCode::invalid, "the values of IN are of several types");
  static constexpr std::size_t looked_through = 8;  // fewer are compared as fast one by one
  if (literals_.size() > looked_through && literals_[0].kind == LiteralCode::Kind::text &&
      path_.coding() == PathCode::Coding::plain)
    for (const auto& literal : literals_) texts_.insert(literal.text);
  const auto on = path_.coding() == PathCode::Coding::plain ? RegexOn::text : RegexOn::bytes;
  if (op_ == PatternOperator::like) regex_ = TRY(Regex::like(literals_[0].text, on));
  if (op_ == PatternOperator::matches) regex_ = TRY(Regex::matches(literals_[0].text, on));
  if (op_ == PatternOperator::is_subset || op_ == PatternOperator::is_superset)
    network_ = TRY(model::parse_network(literals_[0].text));
  return {};
}

Truth ComparisonCode::test(const Observation& in,
                           std::string_view type,
                           ValueId object,
                           PatternScratch& scratch) const {
  if (type != path_.path().object_type) return Truth::no;
  path_.select(in, object, scratch.values);
  if (op_ == PatternOperator::exists) return as_truth(scratch.values.empty() == negated_);
  auto answer = Truth::no;
  for (const auto value : scratch.values) {
    const auto one = holds(in, in[value], scratch);
    if (one == Truth::undecided)
      answer = Truth::undecided;
    else if ((one == Truth::yes) != negated_)
      return Truth::yes;
  }
  return answer;
}

Truth ComparisonCode::holds(const Observation& in,
                            const ObservedValue& value,
                            PatternScratch& scratch) const {
  if (!texts_.empty())
    return as_truth(value.type == ObservedType::text && texts_.contains(in.text_of(value)));
  if (network_) return as_truth(stands_in(in, value, *network_, op_ == PatternOperator::is_subset));
  const std::string* decoded = nullptr;
  if (path_.coding() != PathCode::Coding::plain && value.type == ObservedType::text) {
    if (!decode(path_.coding(), in.text_of(value), scratch.bytes)) {
      scratch.reason = path_.path().text() + " does not hold what its name says";
      return Truth::undecided;
    }
    decoded = &scratch.bytes;
  }
  if (regex_) {
    if (value.type != ObservedType::text) return Truth::no;
    return as_truth(regex_->test(decoded != nullptr ? std::string_view(*decoded) : in.text_of(value)));
  }
  auto answer = Truth::no;
  for (const auto& literal : literals_) {
    const auto one = compared(in, value, literal, decoded, scratch);
    if (one == Truth::yes) return one;
    if (one == Truth::undecided) answer = one;
  }
  return answer;
}

/// Values of different types compare false (section 9.6).
Truth ComparisonCode::compared(const Observation& in,
                               const ObservedValue& value,
                               const LiteralCode& literal,
                               const std::string* decoded,
                               PatternScratch& scratch) const {
  using Kind = LiteralCode::Kind;
  if (literal.kind == Kind::boolean) {
    const bool equality = op_ == PatternOperator::equal || op_ == PatternOperator::in;
    return as_truth(equality && value.type == ObservedType::boolean && value.boolean == literal.boolean);
  }
  if (literal.kind == Kind::number) {
    if (value.type != ObservedType::number) return Truth::no;
    return as_truth(satisfies(op_, ComparedNumber(in.text_of(value)) <=> literal.number));
  }
  if (value.type != ObservedType::text) return Truth::no;
  const auto text = in.text_of(value);
  if (literal.kind == Kind::instant) {
    if (decoded != nullptr) return Truth::no;
    const auto time = parse_time(text);
    if (!time) {
      scratch.reason = fmt::format("{} is no time: '{}'", path_.path().text(), excerpt(text));
      return Truth::undecided;
    }
    return as_truth(satisfies(op_, *time <=> WrittenTime{literal.instant, literal.finer}));
  }
  if (decoded != nullptr)
    return as_truth(literal.has_bytes && satisfies(op_, by_bytes(*decoded, literal.bytes)));
  if (literal.kind == Kind::text) return as_truth(satisfies(op_, by_bytes(text, literal.text)));
  // A text against bytes: each character is the byte of its number; with one beyond 255 it is no bytes.
  if (!to_latin1(text, scratch.bytes)) return Truth::no;
  return as_truth(satisfies(op_, by_bytes(scratch.bytes, literal.bytes)));
}

}  // namespace shieldwall::detect
