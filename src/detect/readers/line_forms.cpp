#include "detect/readers/line_forms.h"

namespace shieldwall::detect {

namespace {

/// Follows a line that LineWalk reads, and notes what it has between its values.
struct Learner {
  static constexpr bool takes_escapes = true;

  explicit Learner(std::uint32_t begin) : at(begin) {}

  bool text(const KeyTable::Key& key, Slice span) { return value(key, span, Between::Then::text); }
  bool scalar(const KeyTable::Key& key, Slice span) { return value(key, span, Between::Then::scalar); }
  bool value(const KeyTable::Key& key, Slice span, Between::Then then) {
    parts.push_back({.begin = at, .end = span.begin, .then = then, .key = &key});
    at = span.end;
    return true;
  }

  std::uint32_t at;
  std::vector<Between> parts = {};
};

}  // namespace

LineForms::Groups& LineForms::groups(std::span<const BlockLine> lines, bool with_escapes) {
  groups_.used.clear();
  groups_.next.resize(lines.size());
  for (auto i = static_cast<std::uint32_t>(lines.size()); i-- > 0;) {
    const auto quotes = std::min(lines[i].quotes_end - lines[i].quotes, LineForm::quotes_max - 1);
    const bool is_odd = lines[i].odd || (lines[i].escapes && !with_escapes);
    const auto group = is_odd ? LineForm::quotes_max - 1 : quotes;
    auto& first = groups_.first[group];
    if (first == Groups::none) groups_.used.push_back(group);
    groups_.next[i] = first;
    first = i;
  }
  return groups_;
}

LineForms::Learned LineForms::learn(const char* block,
                                    const BlockIndex& index,
                                    KeyTable& keys,
                                    const BlockLine& line) {
  if (failures_ == failures_max) return Learned::no_room;
  Learner learner(line.begin);
  if (!LineWalk<Learner>(block, index, keys, learner).run(line)) {
    ++failures_;
    return Learned::refused;
  }
  learner.parts.push_back({.begin = learner.at, .end = line.end});
  auto form = form_of(
      block, learner.parts, {index.quotes.get() + line.quotes, line.quotes_end - line.quotes + 1}, told_);
  std::size_t others = 0;
  for (const auto* one = form ? first(form->quotes) : nullptr; one != nullptr; one = behind(*one)) ++others;
  if (!form || others == chain_max || forms_.size() == forms_max) {
    ++failures_;
    return Learned::no_room;
  }
  auto& head = heads_[form->quotes];
  form->next = head;
  head = static_cast<std::uint32_t>(forms_.size());
  forms_.push_back(std::move(*form));
  return Learned::yes;
}

}  // namespace shieldwall::detect
