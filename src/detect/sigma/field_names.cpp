#include <cstring>

#include "detect/sigma/tables.h"

namespace shieldwall::detect::sigma {

std::uint64_t FieldNames::hash(std::string_view name) {
  std::uint64_t value = name.size() * 0x9E3779B97F4A7C15u;
  std::size_t at = 0;
  for (; at + 8 <= name.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, name.data() + at, 8);
    value = (value ^ word) * 0x9FB21C651E98DF25u;
    value ^= value >> 29;
  }
  std::uint64_t rest = 0;
  if (at < name.size()) std::memcpy(&rest, name.data() + at, name.size() - at);
  value = (value ^ rest) * 0x9FB21C651E98DF25u;
  return value ^ value >> 32;
}

void FieldNames::grow() {
  slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    std::size_t at = hash(names_[i]) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i + 1;
  }
}

std::uint32_t FieldNames::add(std::string_view name) {
  if (const auto known = find(name); known != none) return known;
  names_.emplace_back(name);
  if (names_.size() * 4 > slots_.size()) {
    grow();
  } else {
    std::size_t at = hash(name) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<std::uint32_t>(names_.size());
  }
  return static_cast<std::uint32_t>(names_.size() - 1);
}

std::uint32_t FieldNames::find(std::string_view name) const {
  if (slots_.empty()) return none;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash(name) & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0) return none;
    if (names_[slots_[at] - 1] == name) return slots_[at] - 1;
  }
}

}  // namespace shieldwall::detect::sigma
