#include "model/pattern.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "model/pattern_lexer.h"
#include "model/pattern_paths.h"

namespace shieldwall::model {

namespace {

using Kind = PatternToken::Kind;

class Parser {
 public:
  Parser(std::string_view text, PatternSpelling spelling, RepeatedQualifiers repeated)
      : lexer_(text), spelling_(spelling), repeated_(repeated) {}

  Result<Pattern> pattern() {
    TRY(advance());
    auto root = TRY(observations(Junction::followed_by));
    if (token_.kind != Kind::end) return expected("AND, OR, FOLLOWEDBY, a qualifier or the end");
    return Pattern{std::move(root)};
  }

 private:
  Done advance() {
    token_ = TRY(lexer_.next());
    return {};
  }

  std::unexpected<Error> expected(std::string_view what) const {
    const auto found = token_.kind == Kind::end ? std::string("the end") : "'" + excerpt(token_.text) + "'";
    return fail(ErrorCode::invalid, "at {}: {} where {} is expected", token_.offset, found, what);
  }

  Done take(std::string_view word) {
    if (!token_.is(word)) return expected(word);
    return advance();
  }

  Result<bool> take_if(std::string_view word) {
    if (!token_.is(word)) return false;
    TRY(advance());
    return true;
  }

  Done enter() {
    if (++depth_ > pattern_depth_max)
      return fail(ErrorCode::exhausted, "at {}: nested deeper than {}", token_.offset, pattern_depth_max);
    return {};
  }

  Done count_term() {
    if (++terms_ > pattern_terms_max)
      return fail(ErrorCode::exhausted,
                  "at {}: more than {} comparisons and values",
                  token_.offset,
                  pattern_terms_max);
    return {};
  }

  Result<ObservationExpression> observations(Junction junction);
  Result<ObservationExpression> observation();
  Done qualifiers(ObservationExpression& of, bool may_repeat);
  Result<std::optional<Qualifier>> qualifier();
  Result<std::string> start_or_stop();
  Result<ComparisonExpression> comparisons(Junction junction);
  Result<ComparisonExpression> comparison_term();
  Result<Comparison> comparison();
  Done operation(Comparison& into);
  Result<ObjectPath> path();
  Result<PatternStep> named_step();
  Result<PatternStep> indexed_step();
  Result<PatternLiteral> literal();
  Done literals_of_set(Comparison& into);

  PatternLexer lexer_;
  PatternSpelling spelling_;
  RepeatedQualifiers repeated_;
  PatternToken token_;
  int depth_ = 0;
  std::size_t terms_ = 0;
};

/// FOLLOWEDBY binds weakest, then OR, then AND (STIX 2.1 section 9.5): each level is a list of the next
/// tighter one.
Result<ObservationExpression> Parser::observations(Junction junction) {
  const auto operand = [&]() -> Result<ObservationExpression> {
    switch (junction) {
      case Junction::followed_by:
        return observations(Junction::disjunction);
      case Junction::disjunction:
        return observations(Junction::conjunction);
      case Junction::conjunction:
        break;
    }
    return observation();
  };
  const std::string_view word = junction == Junction::followed_by   ? "FOLLOWEDBY"
                                : junction == Junction::disjunction ? "OR"
                                                                    : "AND";
  auto first = TRY(operand());
  if (!token_.is(word)) return first;
  ObservationExpression all{.observation = {}, .junction = junction, .children = {}, .qualifiers = {}};
  all.children.push_back(std::move(first));
  while (TRY(take_if(word))) all.children.push_back(TRY(operand()));
  return all;
}

Result<ObservationExpression> Parser::observation() {
  ObservationExpression made;
  const bool is_group = token_.is("(");
  if (TRY(take_if("["))) {
    made.observation = TRY(comparisons(Junction::disjunction));
    TRY(take("]"));
  } else if (is_group) {
    TRY(enter());
    TRY(advance());
    made = TRY(observations(Junction::followed_by));
    TRY(take(")"));
    --depth_;
    if (!made.qualifiers.empty()) {  // those inside the parentheses stay apart from those behind them
      ObservationExpression outer;
      outer.children.push_back(std::move(made));
      made = std::move(outer);
    }
  } else {
    return expected("'[' or '('");
  }
  TRY(qualifiers(made, is_group || repeated_ == RepeatedQualifiers::accepted));
  return made;
}

/// An observation in brackets takes one qualifier of each kind (STIX 2.1 section 9.5); on a group in
/// parentheses the second applies to what the first made.
Done Parser::qualifiers(ObservationExpression& of, bool may_repeat) {
  for (;;) {
    const auto offset = token_.offset;
    auto next = TRY(qualifier());
    if (!next) return {};
    const bool again = !may_repeat && std::ranges::any_of(of.qualifiers, [&](const Qualifier& have) {
      return have.index() == next->index();
    });
    if (again) return fail(ErrorCode::invalid, "at {}: a second qualifier of the same kind", offset);
    if (of.qualifiers.size() >= static_cast<std::size_t>(pattern_depth_max))
      return fail(ErrorCode::exhausted, "at {}: more than {} qualifiers", offset, pattern_depth_max);
    of.qualifiers.push_back(std::move(*next));
  }
}

Result<std::string> Parser::start_or_stop() {
  const bool text_allowed = spelling_ == PatternSpelling::v2_0;
  if (token_.kind != Kind::timestamp && !(text_allowed && token_.kind == Kind::string))
    return expected("a time like t'2024-01-15T12:30:45Z'");
  if (token_.kind == Kind::string && !parse_time(token_.value)) return expected("a time");
  auto text = token_.value;
  TRY(advance());
  return text;
}

Result<std::optional<Qualifier>> Parser::qualifier() {
  if (TRY(take_if("WITHIN"))) {
    double seconds = 0;
    const auto text = token_.text.substr(token_.text.starts_with('+') ? 1 : 0);
    if (token_.kind == Kind::integer || token_.kind == Kind::floating)
      std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!(seconds > 0)) return expected("a number of seconds above 0");
    TRY(advance());
    TRY(take("SECONDS"));
    return Qualifier(WithinQualifier{seconds});
  }
  if (TRY(take_if("REPEATS"))) {
    std::int64_t times = 0;
    const auto text = token_.text.substr(token_.text.starts_with('+') ? 1 : 0);
    if (token_.kind == Kind::integer) std::from_chars(text.data(), text.data() + text.size(), times);
    if (times < 1) return expected("a whole number of times above 0");
    TRY(advance());
    TRY(take("TIMES"));
    return Qualifier(RepeatsQualifier{times});
  }
  if (TRY(take_if("START"))) {
    StartStopQualifier made;
    made.start = TRY(start_or_stop());
    TRY(take("STOP"));
    made.stop = TRY(start_or_stop());
    return Qualifier(std::move(made));
  }
  return std::optional<Qualifier>();
}

Result<ComparisonExpression> Parser::comparisons(Junction junction) {
  const bool is_or = junction == Junction::disjunction;
  const auto operand = [&] { return is_or ? comparisons(Junction::conjunction) : comparison_term(); };
  auto first = TRY(operand());
  const std::string_view word = is_or ? "OR" : "AND";
  if (!token_.is(word)) return first;
  ComparisonExpression all{.comparison = {}, .junction = junction, .children = {}};
  all.children.push_back(std::move(first));
  while (TRY(take_if(word))) all.children.push_back(TRY(operand()));
  return all;
}

Result<ComparisonExpression> Parser::comparison_term() {
  if (token_.is("(")) {
    TRY(enter());
    TRY(advance());
    auto inner = TRY(comparisons(Junction::disjunction));
    TRY(take(")"));
    --depth_;
    return inner;
  }
  TRY(count_term());
  ComparisonExpression leaf;
  leaf.comparison = TRY(comparison());
  return leaf;
}

Result<Comparison> Parser::comparison() {
  Comparison made;
  made.offset = token_.offset;
  const bool not_first = TRY(take_if("NOT"));
  if (token_.is("EXISTS")) {
    if (spelling_ == PatternSpelling::v2_0) return expected("an object path; EXISTS came with STIX 2.1");
    TRY(advance());
    made.op = PatternOperator::exists;
    made.negated = not_first;
    made.path = TRY(path());
    return made;
  }
  if (not_first) return expected("EXISTS");
  made.path = TRY(path());
  made.negated = TRY(take_if("NOT"));
  TRY(operation(made));
  TRY(check_hash(made));
  return made;
}

Done Parser::operation(Comparison& into) {
  struct Row {
    std::string_view word;
    PatternOperator op;
  };
  static constexpr Row rows[] = {{"=", PatternOperator::equal},
                                 {"==", PatternOperator::equal},
                                 {"!=", PatternOperator::not_equal},
                                 {"<>", PatternOperator::not_equal},
                                 {">", PatternOperator::greater},
                                 {">=", PatternOperator::greater_equal},
                                 {"<", PatternOperator::less},
                                 {"<=", PatternOperator::less_equal},
                                 {"IN", PatternOperator::in},
                                 {"LIKE", PatternOperator::like},
                                 {"MATCHES", PatternOperator::matches},
                                 {"ISSUBSET", PatternOperator::is_subset},
                                 {"ISSUPERSET", PatternOperator::is_superset}};
  const auto* const row =
      std::ranges::find_if(rows, [&](const Row& candidate) { return token_.is(candidate.word); });
  if (row == std::end(rows))
    return expected("an operator: = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET");
  into.op = row->op;
  TRY(advance());
  if (into.op == PatternOperator::in) return literals_of_set(into);
  const auto offset = token_.offset;
  into.literals.push_back(TRY(literal()));
  const bool ordered = into.op >= PatternOperator::greater && into.op <= PatternOperator::less_equal;
  if (ordered && into.literals[0].kind == PatternLiteral::Kind::boolean)
    return fail(ErrorCode::invalid, "at {}: true and false have no order", offset);
  if (into.op > PatternOperator::in && into.literals[0].kind != PatternLiteral::Kind::string)
    return fail(ErrorCode::invalid, "at {}: {} takes a text in quotes", offset, row->word);
  return {};
}

Done Parser::literals_of_set(Comparison& into) {
  TRY(take("("));
  if (TRY(take_if(")"))) return {};
  do {
    TRY(count_term());
    into.literals.push_back(TRY(literal()));
  } while (TRY(take_if(",")));
  return take(")");
}

Result<PatternLiteral> Parser::literal() {
  using Literal = PatternLiteral::Kind;
  PatternLiteral made;
  switch (token_.kind) {
    case Kind::string:
      made.kind = Literal::string;
      break;
    case Kind::timestamp:
      made.kind = Literal::timestamp;
      break;
    case Kind::binary:
      made.kind = Literal::binary;
      break;
    case Kind::hex:
      made.kind = Literal::hex;
      break;
    case Kind::integer:
      made.kind = Literal::integer;
      break;
    case Kind::floating:
      made.kind = Literal::floating;
      break;
    default:
      if (!token_.is("true") && !token_.is("false"))
        return expected("a value: 'text', a number, true, false, t'...', b'...' or h'...'");
      made.kind = Literal::boolean;
      made.boolean = token_.is("true");
  }
  const bool as_written = token_.kind == Kind::integer || token_.kind == Kind::floating;
  made.text = as_written ? std::string(token_.text) : std::move(token_.value);
  TRY(advance());
  return made;
}

Result<PatternStep> Parser::named_step() {
  if (token_.kind == Kind::hyphened_name)
    return fail(ErrorCode::invalid,
                "at {}: a name with a hyphen is quoted: '{}'",
                token_.offset,
                excerpt(token_.text));
  if (token_.kind != Kind::name && token_.kind != Kind::string) return expected("the name of a property");
  PatternStep step{.kind = PatternStep::Kind::name,
                   .name = token_.kind == Kind::name ? std::string(token_.text) : token_.value,
                   .index = 0};
  TRY(advance());
  return step;
}

Result<PatternStep> Parser::indexed_step() {
  PatternStep step{.kind = PatternStep::Kind::any, .name = {}, .index = 0};
  if (!token_.is("*")) {
    const auto text = token_.text.substr(token_.text.starts_with('+') ? 1 : 0);
    step.kind = PatternStep::Kind::index;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step.index);
    if (token_.kind != Kind::integer || error != std::errc()) return expected("an index or *");
  }
  TRY(advance());
  TRY(take("]"));
  return step;
}

Result<ObjectPath> Parser::path() {
  static constexpr std::size_t steps_max = 256;  // far deeper than any object may nest
  if (token_.kind != Kind::name && token_.kind != Kind::hyphened_name)
    return expected("an object path like file:name");
  ObjectPath made;
  made.object_type = token_.text;
  TRY(advance());
  TRY(take(":"));
  made.steps.push_back(TRY(named_step()));
  for (;;) {
    if (TRY(take_if("."))) {
      made.steps.push_back(TRY(named_step()));
    } else if (TRY(take_if("["))) {
      made.steps.push_back(TRY(indexed_step()));
    } else {
      return made;
    }
    if (made.steps.size() > steps_max)
      return fail(
          ErrorCode::exhausted, "at {}: an object path of more than {} steps", token_.offset, steps_max);
  }
}

}  // namespace

std::string ObjectPath::text() const {
  std::string out = object_type + ":";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& step = steps[i];
    if (step.kind == PatternStep::Kind::any) {
      out += "[*]";
    } else if (step.kind == PatternStep::Kind::index) {
      out += fmt::format("[{}]", step.index);
    } else {
      const bool plain =
          step.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
          step.name.npos;
      out += i == 0 ? "" : ".";
      out += plain ? step.name : "'" + step.name + "'";
    }
  }
  return out;
}

Result<Pattern> parse_pattern(std::string_view text, PatternSpelling spelling, RepeatedQualifiers repeated) {
  if (text.size() > pattern_bytes_max)
    return fail(ErrorCode::exhausted, "the pattern is over {} bytes", pattern_bytes_max);
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "the pattern is not UTF-8");
  return Parser(text, spelling, repeated).pattern();
}

Result<Pattern> parse_any_pattern(std::string_view text) {
  auto pattern = parse_pattern(text);
  if (!pattern && pattern.error().code == ErrorCode::invalid)
    if (auto older = parse_pattern(text, PatternSpelling::v2_0)) return older;
  return pattern;
}

}  // namespace shieldwall::model
