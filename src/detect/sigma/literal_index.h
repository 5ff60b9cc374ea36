#pragma once
// Many literals looked for in one text, at the cost of about a table look-up a byte: each literal is filed
// under the rarest four bytes in it (fewer when it is shorter), and compared where these stand. Whole texts
// and last components of paths are found by hash instead.

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

class LiteralIndex {
 public:
  struct Literal {
    std::string text;
    Place place;
    std::uint32_t payload;  // what a hit is told; several literals may have the same
  };

  LiteralIndex() = default;
  explicit LiteralIndex(std::vector<Literal> literals);

  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const;

  /// Calls `hit(payload)` for the literals that stand in `text` at their place, repeatedly where they stand
  /// repeatedly, until it returns true. True when it did.
  template <typename Hit>
  bool find(std::string_view text, Hit&& hit) const;

 private:
  struct Entry {
    std::uint32_t text_at, text_size;
    std::uint32_t payloads_at, payloads_size;
    std::uint32_t offset;  // of the filed bytes
    Place place;
  };
  struct Bucket {
    std::uint64_t key = 0;
    std::uint32_t first = 0, count = 0;  // in order_; count 0: free
  };
  /// Open addressing over a power of two.
  struct Table {
    std::vector<Bucket> buckets;
    const Bucket* find(std::uint64_t key) const {
      if (buckets.empty()) return nullptr;
      const std::size_t mask = buckets.size() - 1;
      for (std::size_t at = slot(key) & mask;; at = (at + 1) & mask) {
        if (buckets[at].count == 0) return nullptr;
        if (buckets[at].key == key) return &buckets[at];
      }
    }
    static std::size_t slot(std::uint64_t key) {
      key *= 0x9E3779B97F4A7C15u;
      return static_cast<std::size_t>(key >> 29);
    }
  };
  using Filed = std::vector<std::pair<std::uint64_t, std::uint32_t>>;  // key, entry

  static std::uint64_t hash(std::string_view text);
  static std::size_t component_at(std::string_view text);  // of the last path separator, npos without one
  static std::uint32_t gram(const char* at) {
    std::uint32_t value;
    std::memcpy(&value, at, 4);
    return value;
  }
  static std::uint32_t slot_of(std::uint32_t gram, int shift) { return (gram * 0x9E3779B1u) >> shift; }
  static std::uint32_t pair(const char* at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[0])) << 8 |
           static_cast<unsigned char>(at[1]);
  }
  static constexpr int pair_bits = 12;
  static std::uint32_t pair_slot(std::uint32_t pair) { return slot_of(pair, 32 - pair_bits); }

  void file_entries();
  void file_by_gram(const std::vector<std::uint32_t>& entries, Filed& filed);
  Table table_of(Filed filed);

  template <typename Hit>
  bool find_quads(std::string_view text, Hit&& hit) const;
  template <typename Hit>
  bool find_pairs(std::string_view text, Hit&& hit) const;
  template <typename Hit>
  bool find_singles(std::string_view text, Hit&& hit) const;

  template <typename Hit>
  bool tell(const Entry& entry, Hit&& hit) const {
    for (std::uint32_t i = 0; i < entry.payloads_size; ++i)
      if (hit(payloads_[entry.payloads_at + i])) return true;
    return false;
  }

  /// Compares the literals filed under what stands at `at`.
  template <typename Hit>
  bool compare(const Bucket* bucket, std::string_view text, std::size_t at, Hit&& hit) const {
    if (bucket == nullptr) return false;
    for (std::uint32_t i = 0; i < bucket->count; ++i) {
      const Entry& entry = entries_[order_[bucket->first + i]];
      if (at < entry.offset) continue;
      const std::size_t begin = at - entry.offset;
      if (text.size() - begin < entry.text_size) continue;
      if (entry.place == Place::begin && begin != 0) continue;
      if (entry.place == Place::whole && entry.text_size != text.size()) continue;
      if (entry.place == Place::end && begin + entry.text_size != text.size()) continue;
      if (std::memcmp(text.data() + begin, texts_.data() + entry.text_at, entry.text_size) != 0) continue;
      if (tell(entry, hit)) return true;
    }
    return false;
  }

  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> payloads_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint64_t> filter_;       // one bit a slot of four bytes
  std::vector<std::uint64_t> pair_filter_;  // the same of two
  std::array<std::uint64_t, 4> single_filter_{};
  int filter_shift_ = 32;
  Table wholes_, components_, quads_, pairs_, singles_;
};

template <typename Hit>
bool LiteralIndex::find(std::string_view text, Hit&& hit) const {
  if (!wholes_.buckets.empty())
    if (const Bucket* const bucket = wholes_.find(hash(text)))
      if (compare(bucket, text, 0, hit)) return true;
  if (!components_.buckets.empty())
    if (const auto at = component_at(text); at != text.npos)
      if (compare(components_.find(hash(text.substr(at))), text, at, hit)) return true;
  return find_quads(text, hit) || find_pairs(text, hit) || find_singles(text, hit);
}

/// What the loops look at is held in locals: `hit` may write anywhere, for all the compiler knows.
template <typename Hit>
bool LiteralIndex::find_quads(std::string_view text, Hit&& hit) const {
  if (filter_.empty()) return false;
  const std::uint64_t* const filter = filter_.data();
  const int shift = filter_shift_;
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  for (std::size_t at = 0; at + 4 <= size; ++at) {
    const auto value = gram(bytes + at);
    const auto slot = slot_of(value, shift);
    if ((filter[slot >> 6] >> (slot & 63) & 1) == 0) continue;
    if (compare(quads_.find(value), text, at, hit)) return true;
  }
  return false;
}

template <typename Hit>
bool LiteralIndex::find_pairs(std::string_view text, Hit&& hit) const {
  if (pair_filter_.empty()) return false;
  const std::uint64_t* const filter = pair_filter_.data();
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  for (std::size_t at = 0; at + 2 <= size; ++at) {
    const auto value = pair(bytes + at);
    const auto slot = pair_slot(value);
    if ((filter[slot >> 6] >> (slot & 63) & 1) == 0) continue;
    if (compare(pairs_.find(value), text, at, hit)) return true;
  }
  return false;
}

template <typename Hit>
bool LiteralIndex::find_singles(std::string_view text, Hit&& hit) const {
  if (singles_.buckets.empty()) return false;
  const auto filter = single_filter_;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto value = static_cast<unsigned char>(text[at]);
    if ((filter[value >> 6] >> (value & 63) & 1) == 0) continue;
    if (compare(singles_.find(value), text, at, hit)) return true;
  }
  return false;
}

}  // namespace shieldwall::detect::sigma
