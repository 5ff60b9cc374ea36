#include "detect/literal_table.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "base/hash.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t slots_min = 1024;
constexpr std::size_t filter_bits_per_entry = 16;

std::uint64_t hash_of(LiteralKind kind, std::string_view key) {
  return keyed_hash(key) ^ (static_cast<std::uint64_t>(kind) + 1) * 0x9e3779b97f4a7c15u;
}

}  // namespace

std::size_t LiteralTable::slot_of(std::uint64_t hash, std::string_view key_with_kind) const {
  const auto mask = slots_.size() - 1;
  for (auto slot = static_cast<std::size_t>(hash) & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const auto& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && text_of(entry) == key_with_kind) return slot;
  }
}

void LiteralTable::grow() {
  slots_.assign(std::max(slots_min, slots_.size() * 2), 0);
  const auto mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    auto slot = static_cast<std::size_t>(entries_[i].hash) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void LiteralTable::add(LiteralKind kind, std::string_view key, std::uint32_t indicator) {
  if (entries_.size() * 2 >= slots_.size()) grow();
  std::string whole(1, static_cast<char>(kind));
  whole += key;
  const auto hash = hash_of(kind, key);
  const auto slot = slot_of(hash, whole);
  if (slots_[slot] == 0) {
    entries_.push_back(
        {.hash = hash, .text_at = text_.size(), .text_size = static_cast<std::uint32_t>(whole.size())});
    text_ += whole;
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    ++counts_[static_cast<std::size_t>(kind)];
  }
  postings_.push_back({slots_[slot] - 1, indicator});
}

void LiteralTable::seal() {
  std::ranges::sort(postings_, {}, [](const Posting& p) { return std::pair(p.entry, p.indicator); });
  for (const auto& posting : postings_) {
    auto& entry = entries_[posting.entry];
    if (entry.count > 0 && indicators_.back() == posting.indicator) continue;
    if (entry.count++ == 0) entry.first = static_cast<std::uint32_t>(indicators_.size());
    indicators_.push_back(posting.indicator);
  }
  postings_ = {};
  filter_.assign(std::bit_ceil(std::max<std::size_t>(entries_.size() * filter_bits_per_entry, 64)) / 64, 0);
  for (const auto& entry : entries_)
    filter_[(entry.hash >> 38) & (filter_.size() - 1)] |= 1ull << (entry.hash >> 32 & 63);
}

std::span<const std::uint32_t> LiteralTable::find(LiteralKind kind, std::string_view key) const {
  assert(!filter_.empty());
  const auto hash = hash_of(kind, key);
  if ((filter_[(hash >> 38) & (filter_.size() - 1)] >> (hash >> 32 & 63) & 1) == 0 || slots_.empty())
    return {};
  const auto mask = slots_.size() - 1;
  for (auto slot = static_cast<std::size_t>(hash) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const auto& entry = entries_[slots_[slot] - 1];
    if (entry.hash != hash) continue;
    const auto text = text_of(entry);
    if (text.front() == static_cast<char>(kind) && text.substr(1) == key)
      return {indicators_.data() + entry.first, entry.count};
  }
  return {};
}

std::size_t LiteralTable::bytes() const {
  return text_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(std::uint32_t) +
         filter_.capacity() * sizeof(std::uint64_t) + indicators_.capacity() * sizeof(std::uint32_t);
}

}  // namespace shieldwall::detect
