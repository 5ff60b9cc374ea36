#pragma once
// The literals of a matcher, packed: a filter that turns nearly every miss away with one load, behind it a
// table whose every answer lies in one cache line, behind that the text, which is compared before anything
// counts as found. docs/formats/matcher.md has the bytes. The image only looks into memory; it may be a
// file's.

#include <cstring>
#include <span>
#include <string_view>

#include "detect/packed/literal_hash.h"

namespace shieldwall::detect {

inline constexpr std::size_t line_slots = 12;
inline constexpr std::uint32_t line_overflows = 1u << 31;  // more of this line's keys are in the next
inline constexpr std::size_t text_block_bytes = 16;        // where a line's text may begin

__extension__ typedef unsigned __int128 Wide;  // ISO C++ has no name for it

/// Twelve keys by 40 bits of their hash; zero is a free slot.
struct alignas(64) TableLine {
  std::uint8_t remainders[60];
  std::uint32_t text;  // where the text of the first begins, in blocks; the others follow. Its top bit:
                       // line_overflows
};
static_assert(sizeof(TableLine) == 64);

/// Numbers of indicators as they lie in the text, ascending.
class Postings {
 public:
  Postings() = default;
  Postings(const char* at, std::size_t count) : at_(at), count_(count) {}
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::uint32_t operator[](std::size_t i) const {
    std::uint32_t number;
    std::memcpy(&number, at_ + 4 * i, 4);
    return number;
  }

 private:
  const char* at_ = nullptr;
  std::size_t count_ = 0;
};

/// Which leading bits some IPv4 network or address that is looked for has: one bit of memory each. One load
/// turns most addresses away that nobody looks for.
struct AddressFilter {
  std::span<const std::uint64_t> words;  // 2^bits bits; empty when no IPv4 is looked for
  unsigned bits = 0;                     // 6..32

  bool may_hold(std::uint32_t address) const {
    if (words.empty()) return false;
    const auto at = address >> (32 - bits);
    return (words[at >> 6] >> (at & 63) & 1) != 0;
  }
  void prefetch(std::uint32_t address) const {
    if (!words.empty()) __builtin_prefetch(&words[address >> (32 - bits) >> 6]);
  }
};

struct LiteralImage {
  HashKey key;
  std::span<const std::uint64_t> filter;  // not empty
  std::span<const TableLine> lines;       // the homes and what overflows behind the last
  std::uint64_t homes = 0;                // 1..lines.size()
  std::string_view text;
  AddressFilter addresses;
  std::uint64_t counts[literal_kinds] = {};

  bool has(LiteralKind kind) const { return counts[static_cast<std::size_t>(kind)] > 0; }

  /// Asks for the memory that find() will look at first.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&filter[filter_word(hash)]); }

  /// The same where the filter lets the hash pass.
  void prefetch_line(std::uint64_t hash) const { __builtin_prefetch(&lines[scaled(hash, homes)]); }

  /// False: no literal has this hash, nor is it one of those that stand in the filter alone.
  bool may_hold(std::uint64_t hash) const {
    const auto bits = filter_bits(hash);
    return (filter[filter_word(hash)] & bits) == bits;
  }

  /// The indicators that look for `key`, whose literal_hash is `hash`; empty when none. Whatever the bytes of
  /// the image are, nothing outside of it is read.
  Postings find(std::uint64_t hash, LiteralKind kind, std::string_view wanted) const {
    return !may_hold(hash) ? Postings() : find_in_lines(hash, kind, wanted);
  }

  static std::uint64_t scaled(std::uint64_t hash,
                              std::uint64_t bound) {  // 0..bound-1, in the order of hashes
    return static_cast<std::uint64_t>(static_cast<Wide>(hash) * bound >> 64);
  }
  std::uint64_t filter_word(std::uint64_t hash) const {
    return scaled(hash * 0x9e3779b97f4a7c15u, filter.size());  // another order than that of the lines
  }
  static std::uint64_t filter_bits(std::uint64_t hash) {
    return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63) | 1ull << (hash >> 12 & 63) |
           1ull << (hash >> 18 & 63);
  }
  static std::uint64_t remainder(std::uint64_t hash) {
    constexpr std::uint64_t mask = (1ull << 40) - 1;
    return (hash & mask) == 0 ? 1 : hash & mask;
  }

 private:
  Postings find_in_lines(std::uint64_t hash, LiteralKind kind, std::string_view wanted) const;
};

}  // namespace shieldwall::detect
