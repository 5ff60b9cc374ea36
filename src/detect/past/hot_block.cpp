#include "detect/past/hot_block.h"

#include <bit>
#include <cstring>

namespace shieldwall::detect::past {

namespace {

constexpr std::size_t words_max = (block_bytes - sizeof(BlockHeader)) / 8;

constexpr std::size_t words_of(std::size_t bits) {
  return (bits + 63) / 64;
}

/// How `count` entries over a `range` of hashes lie in a block.
struct Shape {
  unsigned low_bits;
  std::size_t low_words, high_words, day_words;
  std::size_t words() const { return low_words + high_words + day_words; }
};

Shape shape_of(std::size_t count, std::uint64_t range) {
  const auto gap = range / count;
  const auto low = gap == 0 ? 0u : static_cast<unsigned>(std::bit_width(gap)) - 1;
  return {low,
          words_of(count * low),
          words_of(count + static_cast<std::size_t>(range >> low) + 1),
          words_of(count * slice_bits)};
}

class BitWriter {
 public:
  BitWriter(std::uint64_t* words) : words_(words) {}
  void put(std::size_t bit, std::uint64_t value, unsigned width) {
    if (width == 0) return;
    words_[bit / 64] |= value << bit % 64;
    if (bit % 64 + width > 64) words_[bit / 64 + 1] |= value >> (64 - bit % 64);
  }

 private:
  std::uint64_t* words_;
};

}  // namespace

std::size_t pack_block(std::span<const HotEntry> entries, std::string& out) {
  const auto fits = [&](std::size_t count) {
    return shape_of(count, entries[count - 1].hash - entries[0].hash).words() <= words_max;
  };
  std::size_t count = 1, too_many = std::min(entries.size(), block_entries_max) + 1;
  while (too_many - count > 1) {
    const auto middle = (count + too_many) / 2;
    (fits(middle) ? count : too_many) = middle;
  }
  const auto shape = shape_of(count, entries[count - 1].hash - entries[0].hash);
  std::uint64_t words[words_max] = {};
  BitWriter low(words), high(words + shape.low_words), day(words + shape.low_words + shape.high_words);
  const std::uint64_t low_mask = (1ull << shape.low_bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto above = entries[i].hash - entries[0].hash;
    low.put(i * shape.low_bits, above & low_mask, shape.low_bits);
    high.put(static_cast<std::size_t>(above >> shape.low_bits) + i, 1, 1);
    day.put(i * slice_bits, entries[i].day, slice_bits);
  }
  std::string block(block_bytes, '\0');
  BlockHeader header{.checksum = 0,
                     .base = entries[0].hash,
                     .count = static_cast<std::uint16_t>(count),
                     .low_bits = static_cast<std::uint8_t>(shape.low_bits),
                     .zero = 0,
                     .high_words = static_cast<std::uint32_t>(shape.high_words)};
  std::memcpy(block.data(), &header, sizeof header);
  std::memcpy(block.data() + sizeof header, words, sizeof words);
  header.checksum = checksum(std::string_view(block).substr(8));
  std::memcpy(block.data(), &header.checksum, 8);
  out += block;
  return count;
}

HotBlock::HotBlock(std::string_view bytes) : bytes_(bytes) {
  if (bytes.size() != block_bytes) return;
  std::memcpy(&header_, bytes.data(), sizeof header_);
  if (header_.count == 0 || header_.count > block_entries_max || header_.low_bits > hash_bits) {
    header_.count = 0;
    return;
  }
  low_words_ = words_of(std::size_t{header_.count} * header_.low_bits);
  const auto day_words = words_of(std::size_t{header_.count} * slice_bits);
  sound_ = header_.high_words <= words_max && low_words_ + header_.high_words + day_words <= words_max;
  if (!sound_) header_.count = 0;
}

bool HotBlock::is_undamaged() const {
  return bytes_.size() == block_bytes && checksum(bytes_.substr(8)) == header_.checksum;
}

std::uint64_t HotBlock::word(std::size_t i) const {
  std::uint64_t word;
  std::memcpy(&word, bytes_.data() + sizeof(BlockHeader) + 8 * i, 8);
  return word;
}

/// `width` (0..56) bits; all of them lie in the block since it is sound.
std::uint64_t HotBlock::bits(std::size_t first_word, std::size_t bit, unsigned width) const {
  if (width == 0) return 0;
  auto value = word(first_word + bit / 64) >> bit % 64;
  if (bit % 64 + width > 64) value |= word(first_word + bit / 64 + 1) << (64 - bit % 64);
  return value & ((1ull << width) - 1);
}

std::uint32_t HotBlock::day(std::size_t i) const {
  return static_cast<std::uint32_t>(bits(low_words_ + header_.high_words, i * slice_bits, slice_bits));
}

std::pair<std::size_t, std::size_t> HotBlock::find(std::uint64_t hash) const {
  if (!sound_ || hash < header_.base) return {};
  const auto above = hash - header_.base;
  const auto sought = above >> header_.low_bits;
  // The entries with these high bits stand behind that many zeros of the unary code.
  std::uint64_t zeros = 0;
  std::size_t at = 0;
  for (;; ++at) {
    if (at == header_.high_words) return {};
    const auto here = static_cast<std::uint64_t>(std::popcount(~word(low_words_ + at)));
    if (zeros + here >= sought) break;
    zeros += here;
  }
  std::size_t bit = at * 64;
  auto rest = ~word(low_words_ + at);
  for (; zeros < sought; ++zeros) {
    bit = at * 64 + static_cast<std::size_t>(std::countr_zero(rest)) + 1;
    rest &= rest - 1;
  }
  const auto low_sought = above & ((1ull << header_.low_bits) - 1);
  std::pair<std::size_t, std::size_t> found{};
  for (auto i = bit - static_cast<std::size_t>(sought); i < header_.count; ++i, ++bit) {
    if (bit / 64 >= header_.high_words || (word(low_words_ + bit / 64) >> bit % 64 & 1) == 0) break;
    const auto have = low(i);
    if (have > low_sought) break;
    if (have < low_sought) continue;
    if (found.second++ == 0) found.first = i;
  }
  return found;
}

std::vector<HotEntry> HotBlock::all() const {
  std::vector<HotEntry> entries;
  if (!sound_) return entries;
  entries.reserve(header_.count);
  for (std::size_t at = 0; at < header_.high_words; ++at)
    for (auto ones = word(low_words_ + at); ones != 0 && entries.size() < header_.count; ones &= ones - 1) {
      const auto i = entries.size();
      const auto bit = at * 64 + static_cast<std::size_t>(std::countr_zero(ones));
      if (bit < i) continue;
      const auto above = static_cast<std::uint64_t>(bit - i) << header_.low_bits | low(i);
      entries.push_back({header_.base + above, day(i)});
    }
  return entries;
}

}  // namespace shieldwall::detect::past
