#include "detect/pattern/pattern_index.h"

#include <bit>
#include <optional>

#include "base/bytes.h"

namespace shieldwall::detect {

namespace {

using Guard = std::vector<const ComparisonCode*>;

/// Values that compare equal have the same key; others may too.
std::uint64_t key_of_bytes(std::string_view bytes) {
  return keyed_hash(bytes);
}

std::uint64_t key_of_number(const ComparedNumber& number) {
  const auto value = number.integer ? static_cast<double>(*number.integer) : number.floating;
  return std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value) * 0x9E3779B97F4A7C15u + 1;
}

std::uint64_t key_of_boolean(bool value) {
  return value ? 3 : 2;
}

/// Texts and bytes compare by the numbers of their characters, so a text that is bytes is keyed as bytes.
std::uint64_t key_of_text(std::string_view text, std::string& scratch) {
  return to_latin1(text, scratch) ? key_of_bytes(scratch) : keyed_hash(text);
}

bool has_keys(const ComparisonCode& comparison) {
  using model::PatternOperator;
  if (comparison.negated() ||
      (comparison.op() != PatternOperator::equal && comparison.op() != PatternOperator::in))
    return false;
  for (const auto& literal : comparison.literals())
    if (literal.kind == LiteralCode::Kind::instant) return false;
  return true;
}

/// The comparisons of which one must hold when `node` does, all with keys; nothing when there are none such.
std::optional<Guard> guard_of(const BracketCode& bracket, std::uint32_t node) {
  using Kind = BracketCode::Node::Kind;
  const auto& what = bracket.nodes()[node];
  if (what.kind == Kind::comparison) {
    const auto& comparison = bracket.comparisons()[what.comparison];
    if (!has_keys(comparison)) return std::nullopt;
    return Guard{&comparison};
  }
  std::optional<Guard> made;
  if (what.kind == Kind::any) made.emplace();
  for (auto child = node + 1; child < what.end; child = bracket.nodes()[child].end) {
    auto below = guard_of(bracket, child);
    if (what.kind == Kind::any) {
      if (!below) return std::nullopt;
      made->insert(made->end(), below->begin(), below->end());
    } else if (below && (!made || below->size() < made->size())) {
      made = std::move(below);
    }
  }
  return made;
}

}  // namespace

PatternIndex::OfType& PatternIndex::of_type(const std::string& type) {
  const auto [at, fresh] = type_number_.try_emplace(type, types_.size());
  if (fresh) types_.emplace_back();
  return types_[at->second];
}

void PatternIndex::add_values(const ComparisonCode& comparison, std::uint32_t number) {
  const auto& path = comparison.path().path();
  auto& type = of_type(path.object_type);
  const auto [at, fresh] = type.path_number.try_emplace(path.text(), type.paths.size());
  if (fresh) type.paths.push_back({.path = comparison.path(), .by_value = {}});
  auto& by_value = type.paths[at->second].by_value;
  std::string scratch;
  for (const auto& literal : comparison.literals()) {
    const auto key = literal.kind == LiteralCode::Kind::number    ? key_of_number(literal.number)
                     : literal.kind == LiteralCode::Kind::boolean ? key_of_boolean(literal.boolean)
                     : literal.kind == LiteralCode::Kind::bytes   ? key_of_bytes(literal.bytes)
                                                                  : key_of_text(literal.text, scratch);
    auto& brackets = by_value[key];
    if (brackets.empty() || brackets.back() != number) brackets.push_back(number);
  }
}

void PatternIndex::add(const BracketCode& bracket, std::uint32_t number) {
  if (const auto guard = guard_of(bracket, 0)) {
    ++indexed_;
    for (const auto* const comparison : *guard) add_values(*comparison, number);
    return;
  }
  ++scanned_;
  for (const auto& comparison : bracket.comparisons()) {
    auto& scanned = of_type(comparison.path().path().object_type).scanned;
    if (scanned.empty() || scanned.back() != number) scanned.push_back(number);
  }
}

void PatternIndex::candidates(const Observation& in,
                              PatternScratch& scratch,
                              std::vector<std::uint32_t>& found) const {
  found.clear();
  for (const auto& object : in.objects()) {
    if (!object.is_root) continue;
    const auto number = type_number_.find(in.type_of(object));
    if (number == type_number_.end()) continue;
    const auto& type = types_[number->second];
    found.insert(found.end(), type.scanned.begin(), type.scanned.end());
    for (const auto& path : type.paths) {
      path.path.select(in, object.value, scratch.values);
      for (const auto value : scratch.values) {
        const auto& what = in[value];
        std::uint64_t key = 0;
        if (what.type == ObservedType::number) {
          key = key_of_number(ComparedNumber(in.text_of(what)));
        } else if (what.type == ObservedType::boolean) {
          key = key_of_boolean(what.boolean);
        } else if (what.type == ObservedType::text) {
          const auto coding = path.path.coding();
          if (coding == PathCode::Coding::plain) {
            key = key_of_text(in.text_of(what), scratch.bytes);
          } else {
            const auto bytes =
                coding == PathCode::Coding::hex ? from_hex(in.text_of(what)) : from_base64(in.text_of(what));
            if (!bytes) continue;
            key = key_of_bytes(*bytes);
          }
        } else {
          continue;
        }
        if (const auto asked = path.by_value.find(key); asked != path.by_value.end())
          found.insert(found.end(), asked->second.begin(), asked->second.end());
      }
    }
  }
}

}  // namespace shieldwall::detect
