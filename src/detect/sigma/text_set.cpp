#include "detect/sigma/text_set.h"

#include <algorithm>

namespace shieldwall::detect::sigma {

namespace {

using Kind = GlobPart::Kind;

constexpr std::size_t few_max = 4;  // above, one pass for all beats one for each

bool stands(std::string_view literal, Place place, std::string_view text) {
  switch (place) {
    case Place::whole:
      return text == literal;
    case Place::begin:
      return text.starts_with(literal);
    case Place::end:
      return text.ends_with(literal);
    case Place::inside:
      return literal.size() <= text.size() &&
             memmem(text.data(), text.size(), literal.data(), literal.size()) != nullptr;
  }
  return false;
}

}  // namespace

std::optional<PlacedLiteral> placed_literal(const Glob& glob) {
  const auto& parts = glob.parts;
  if (parts.empty()) return PlacedLiteral{"", Place::whole};
  const bool front = parts.front().kind == Kind::many,
             back = parts.size() > 1 && parts.back().kind == Kind::many;
  const std::size_t at = front ? 1 : 0;
  if (parts.size() != at + 1 + (back ? 1 : 0) || parts[at].kind != Kind::literal) return {};
  const Place place = front && back ? Place::inside : front ? Place::end : back ? Place::begin : Place::whole;
  return PlacedLiteral{parts[at].text, place};
}

void TextSet::add(const Glob& glob) {
  Glob alike = glob;
  for (auto& part : alike.parts) part.text = folded(part.text, view_);
  if (alike.is_everything()) {
    everything_ = true;
  } else if (const auto literal = placed_literal(alike)) {
    few_.emplace_back(literal->text, literal->place);
  } else {
    globs_.push_back(std::move(alike));
  }
}

void TextSet::finish() {
  if (few_.size() <= few_max) return;
  std::vector<LiteralIndex::Literal> literals;
  for (auto& [text, place] : few_) literals.push_back({std::move(text), place, 0});
  few_.clear();
  many_ = LiteralIndex(std::move(literals));
}

bool TextSet::matches(std::string_view text) const {
  if (everything_) return true;
  for (const auto& [literal, place] : few_)
    if (stands(literal, place, text)) return true;
  if (!many_.empty() && many_.find(text, [](std::uint32_t) { return true; })) return true;
  return std::ranges::any_of(globs_, [&](const Glob& glob) { return sigma::matches(glob, text); });
}

}  // namespace shieldwall::detect::sigma
