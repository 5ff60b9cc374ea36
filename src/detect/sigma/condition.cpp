#include "detect/sigma/condition.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

using Kind = Condition::Kind;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// `*` stands for any text; the only wildcard in names.
bool name_matches(std::string_view pattern, std::string_view name) {
  Glob glob;
  for (const char c : pattern) c == '*' ? glob.add(GlobPart::Kind::many) : glob.add(c);
  return matches(glob, name);
}

class ConditionReader {
 public:
  ConditionReader(std::string_view text, std::span<const std::string> names) : text_(text), names_(names) {
    advance();
  }

  Result<Condition> read() {
    auto condition = TRY(either(0));
    if (word_ == ")") return fail(ErrorCode::invalid, "condition: a ) at {} closes nothing", at_);
    if (!word_.empty())
      return fail(ErrorCode::invalid, "condition: 'and' or 'or' is missing before '{}'", excerpt(word_));
    return condition;
  }

 private:
  bool is(std::string_view word) const { return equal_ignoring_case(word_, word); }

  void advance() {
    while (end_ < text_.size() && is_space(text_[end_])) ++end_;
    at_ = end_;
    if (end_ < text_.size() && (text_[end_] == '(' || text_[end_] == ')' || text_[end_] == '|')) {
      ++end_;
    } else {
      while (end_ < text_.size() && !is_space(text_[end_]) && text_[end_] != '(' && text_[end_] != ')')
        ++end_;
    }
    word_ = text_.substr(at_, end_ - at_);
  }

  template <typename Next>
  Result<Condition> joined(Kind kind, std::string_view by, int depth, Next next) {
    Condition first = TRY(next(depth));
    if (!is(by)) return first;
    Condition all{.kind = kind};
    all.parts.push_back(std::move(first));
    while (is(by)) {
      advance();
      all.parts.push_back(TRY(next(depth)));
    }
    return all;
  }

  Result<Condition> either(int depth) {
    return joined(Kind::any, "or", depth, [this](int deep) { return both(deep); });
  }
  Result<Condition> both(int depth) {
    return joined(Kind::all, "and", depth, [this](int deep) { return negation(deep); });
  }

  Result<Condition> negation(int depth) {
    bool negated = false;  // any number of them in a row is one or none
    while (is("not")) {
      TRY(count_term());
      negated = !negated;
      advance();
    }
    Condition inner = TRY(term(depth));
    if (!negated) return inner;
    Condition no{.kind = Kind::no};
    no.parts.push_back(std::move(inner));
    return no;
  }

  Done count_term() {
    if (++terms_ > condition_terms_max)
      return fail(ErrorCode::exhausted, "condition: has more than {} terms", condition_terms_max);
    return {};
  }

  Result<Condition> term(int depth) {
    TRY(count_term());
    if (word_.empty()) return fail(ErrorCode::invalid, "condition: ends where a name is expected");
    if (word_ == "|")
      return fail(ErrorCode::invalid,
                  "condition: aggregations behind '|' were removed in Sigma 2; write a correlation rule");
    if (word_ == "(") return brackets(depth);
    if (is("1") || is("any") || is("all")) {
      const auto kind = is("all") ? Kind::all : Kind::any;
      const auto before = *this;
      advance();
      if (is("of")) return selection(kind);
      *this = before;  // a search may be called 'all'
    }
    return name();
  }

  Result<Condition> brackets(int depth) {
    if (depth == condition_depth_max)
      return fail(ErrorCode::exhausted, "condition: brackets nest deeper than {}", condition_depth_max);
    advance();
    Condition inner = TRY(either(depth + 1));
    if (word_ != ")") return fail(ErrorCode::invalid, "condition: a ) is missing at {}", at_);
    advance();
    return inner;
  }

  Result<Condition> selection(Kind kind) {
    advance();
    const bool them = is("them");
    Condition group{.kind = kind};
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (them ? !names_[i].starts_with('_') : name_matches(word_, names_[i]))
        group.parts.push_back({.kind = Kind::name, .index = i});
    if (group.parts.empty())
      return fail(ErrorCode::invalid, "condition: no search is called '{}'", excerpt(word_));
    terms_ += group.parts.size();
    TRY(count_term());
    advance();
    return group;
  }

  Result<Condition> name() {
    const auto found = std::ranges::find(names_, word_);
    if (found == names_.end()) {
      const auto wanted = word_;
      advance();
      if (is("of")) return fail(ErrorCode::invalid, "condition: only '1 of' and 'all of' are known");
      return fail(ErrorCode::invalid, "condition: no search is called '{}'", excerpt(wanted));
    }
    advance();
    return Condition{.kind = Kind::name, .index = static_cast<std::size_t>(found - names_.begin())};
  }

  std::string_view text_;
  std::span<const std::string> names_;
  std::string_view word_;
  std::size_t at_ = 0, end_ = 0;
  std::size_t terms_ = 0;
};

}  // namespace

Result<Condition> read_condition(std::string_view text, std::span<const std::string> names) {
  if (text.size() > condition_bytes_max)
    return fail(ErrorCode::exhausted, "condition: is longer than {} KiB", condition_bytes_max >> 10);
  return ConditionReader(text, names).read();
}

}  // namespace shieldwall::detect::sigma
