#include "detect/sigma/literal_index.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace shieldwall::detect::sigma {

std::uint64_t LiteralIndex::hash(std::string_view text) {
  std::uint64_t value = 0x243F6A8885A308D3u ^ text.size();
  const auto mix = [&value](std::uint64_t word) {
    value = (value ^ word) * 0x9FB21C651E98DF25u;
    value ^= value >> 32;
  };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  if (at < text.size()) std::memcpy(&rest, text.data() + at, text.size() - at);
  mix(rest);
  return value;
}

std::size_t LiteralIndex::component_at(std::string_view text) {
  for (std::size_t at = text.size(); at-- > 0;)
    if (text[at] == '\\' || text[at] == '/') return at;
  return text.npos;
}

LiteralIndex::LiteralIndex(std::vector<Literal> literals) {
  const auto before = [](const Literal& a, const Literal& b) {
    return std::tie(a.place, a.text, a.payload) < std::tie(b.place, b.text, b.payload);
  };
  std::ranges::sort(literals, before);
  for (std::size_t i = 0; i < literals.size(); ++i) {
    const auto& one = literals[i];
    const bool again = i > 0 && literals[i - 1].place == one.place && literals[i - 1].text == one.text;
    if (!again) {
      entries_.push_back({.text_at = static_cast<std::uint32_t>(texts_.size()),
                          .text_size = static_cast<std::uint32_t>(one.text.size()),
                          .payloads_at = static_cast<std::uint32_t>(payloads_.size()),
                          .payloads_size = 0,
                          .offset = 0,
                          .place = one.place});
      texts_ += one.text;
    }
    if (again && literals[i - 1].payload == one.payload) continue;
    payloads_.push_back(one.payload);
    ++entries_.back().payloads_size;
  }
  file_entries();
}

void LiteralIndex::file_entries() {
  Filed wholes, components, quads, pairs, singles;
  std::vector<std::uint32_t> long_ones;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    auto& entry = entries_[i];
    const auto text = std::string_view(texts_).substr(entry.text_at, entry.text_size);
    const auto component = component_at(text);
    if (entry.place == Place::whole) {
      wholes.emplace_back(hash(text), i);
    } else if (entry.place == Place::end && component != text.npos && component + 1 < text.size()) {
      entry.offset = static_cast<std::uint32_t>(component);
      components.emplace_back(hash(text.substr(component)), i);
    } else if (text.size() >= 4) {
      long_ones.push_back(i);
    } else if (text.size() >= 2) {
      const auto key = pair(text.data());
      pair_filter_.resize(std::size_t{1} << (pair_bits - 6));
      pair_filter_[pair_slot(key) >> 6] |= std::uint64_t{1} << (pair_slot(key) & 63);
      pairs.emplace_back(key, i);
    } else if (text.size() == 1) {
      const auto key = static_cast<unsigned char>(text[0]);
      single_filter_[key >> 6] |= std::uint64_t{1} << (key & 63);
      singles.emplace_back(key, i);
    }
  }
  file_by_gram(long_ones, quads);
  wholes_ = table_of(std::move(wholes));
  components_ = table_of(std::move(components));
  quads_ = table_of(std::move(quads));
  pairs_ = table_of(std::move(pairs));
  singles_ = table_of(std::move(singles));
}

void LiteralIndex::file_by_gram(const std::vector<std::uint32_t>& entries, Filed& filed) {
  if (entries.empty()) return;
  std::unordered_map<std::uint32_t, std::uint32_t> uses;  // what literals share, events share too
  for (const auto i : entries)
    for (std::uint32_t at = 0; at + 4 <= entries_[i].text_size; ++at)
      ++uses[gram(texts_.data() + entries_[i].text_at + at)];
  const int bits = std::clamp(static_cast<int>(std::bit_width(entries.size() * 32)), 12, 20);
  filter_shift_ = 32 - bits;
  filter_.assign(std::size_t{1} << (bits - 6), 0);
  for (const auto i : entries) {
    auto& entry = entries_[i];
    std::uint32_t least = UINT32_MAX;
    for (std::uint32_t at = 0; at + 4 <= entry.text_size; ++at) {
      const auto count = uses[gram(texts_.data() + entry.text_at + at)];
      if (count >= least) continue;
      least = count;
      entry.offset = at;
    }
    const auto key = gram(texts_.data() + entry.text_at + entry.offset);
    const auto slot = slot_of(key, filter_shift_);
    filter_[slot >> 6] |= std::uint64_t{1} << (slot & 63);
    filed.emplace_back(key, i);
  }
}

LiteralIndex::Table LiteralIndex::table_of(Filed filed) {
  Table table;
  if (filed.empty()) return table;
  std::ranges::sort(filed);
  table.buckets.resize(std::bit_ceil(filed.size() * 2));
  const std::size_t mask = table.buckets.size() - 1;
  for (std::size_t i = 0; i < filed.size();) {
    Bucket bucket{.key = filed[i].first, .first = static_cast<std::uint32_t>(order_.size())};
    for (; i < filed.size() && filed[i].first == bucket.key; ++i, ++bucket.count)
      order_.push_back(filed[i].second);
    std::size_t at = Table::slot(bucket.key) & mask;
    while (table.buckets[at].count != 0) at = (at + 1) & mask;
    table.buckets[at] = bucket;
  }
  return table;
}

std::size_t LiteralIndex::bytes() const {
  std::size_t buckets = 0;
  for (const auto* const table : {&wholes_, &components_, &quads_, &pairs_, &singles_})
    buckets += table->buckets.size();
  return texts_.size() + entries_.size() * sizeof(Entry) + (payloads_.size() + order_.size()) * 4 +
         (filter_.size() + pair_filter_.size()) * 8 + buckets * sizeof(Bucket);
}

}  // namespace shieldwall::detect::sigma
