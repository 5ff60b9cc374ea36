#include "detect/packed/literal_packer.h"

#include <algorithm>
#include <cassert>

#include "detect/packed/cursor.h"

namespace shieldwall::detect {

namespace {

constexpr unsigned block_bits = 26;  // 64 MiB
constexpr std::size_t block_bytes = std::size_t{1} << block_bits;
constexpr std::size_t added_header_bytes = 9;  // indicator, size, kind
constexpr std::uint64_t keys_of_line = 9;      // of twelve slots: one line in eight overflows
constexpr std::uint64_t filter_bits_of_key = 20;
constexpr std::size_t text_piece_bytes = 1u << 20;
constexpr std::uint64_t text_bytes_max = static_cast<std::uint64_t>(line_overflows) * text_block_bytes;

constexpr unsigned address_bits_min = 12, address_bits_max = 30;  // 512 bytes, 128 MiB
constexpr unsigned address_bits_spare = 5;                        // one bit in thirty or fewer is set
constexpr std::size_t v4_key_bytes = 5, v6_key_bytes = 17;

void set_filter(std::span<std::uint64_t> filter, std::uint64_t hash) {
  const auto at = LiteralImage::scaled(hash * 0x9e3779b97f4a7c15u, filter.size());
  filter[static_cast<std::size_t>(at)] |= LiteralImage::filter_bits(hash);
}

/// Sets the bits of all addresses in a network whose key this is.
void set_addresses(std::span<std::uint64_t> words, unsigned bits, std::string_view key) {
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first = first << 8 | static_cast<unsigned char>(key[i]);
  const auto network_bits = static_cast<unsigned char>(key[4]) - 96u;
  const auto span = bits > network_bits ? std::uint64_t{1} << (bits - network_bits) : 1;
  const std::uint64_t begin = first >> (32 - bits) & ~(span - 1);
  for (auto at = begin; at < begin + span;) {
    const bool whole_word = at % 64 == 0 && begin + span - at >= 64;
    words[static_cast<std::size_t>(at / 64)] |= whole_word ? ~std::uint64_t{0} : std::uint64_t{1} << at % 64;
    at += whole_word ? 64 : 1;
  }
}

/// What is asked before the literal itself: bits of addresses, and keys that stand in the filter alone.
void add_forerunner(PackedLiterals& into, LiteralKind kind, std::string_view key) {
  if (kind == LiteralKind::domain)
    set_filter(into.filter, literal_hash(into.key, LiteralKind::domain_tail, domain_tail(key)));
  if (kind != LiteralKind::network || (key.size() != v4_key_bytes && key.size() != v6_key_bytes)) return;
  if (key.size() == v4_key_bytes)
    set_addresses(into.addresses, into.address_bits, key);
  else if (static_cast<unsigned char>(key.back()) >= 8 * network_head_bytes)
    set_filter(into.filter,
               literal_hash(into.key, LiteralKind::network_head, key.substr(0, network_head_bytes)));
}

/// Fills lines one behind the other; keys come in the order of their hashes.
class LineWriter {
 public:
  LineWriter(PackedLiterals& into, const std::function<Done(std::string_view)>& write_text)
      : into_(into), write_text_(write_text) {}

  Done add(std::uint64_t hash, std::string_view record) {
    const auto home = LiteralImage::scaled(hash, into_.homes);
    if (home > line_) {
      TRY(begin_line(home));
    } else if (used_ == line_slots) {
      into_.lines[line_].text |= line_overflows;
      TRY(begin_line(line_ + 1));
    }
    const auto remainder = LiteralImage::remainder(hash);
    std::memcpy(into_.lines[line_].remainders + 5 * used_++, &remainder, 5);
    set_filter(into_.filter, hash);
    return append(record);
  }

  Done finish() {
    if (!piece_.empty()) TRY(write_text_(piece_));
    return {};
  }

 private:
  Done begin_line(std::uint64_t line) {
    if (const auto odd = into_.text_bytes % text_block_bytes; odd != 0)
      TRY(append(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", text_block_bytes - odd)));
    if (line >= into_.lines.size()) into_.lines.resize(static_cast<std::size_t>(line) + 1);
    line_ = line;
    used_ = 0;
    into_.lines[line_].text = static_cast<std::uint32_t>(into_.text_bytes / text_block_bytes);
    return {};
  }

  Done append(std::string_view bytes) {
    if (into_.text_bytes + bytes.size() > text_bytes_max)
      return fail(ErrorCode::exhausted, "the literals have more than {} GiB of text", text_bytes_max >> 30);
    piece_ += bytes;
    into_.text_bytes += bytes.size();
    if (piece_.size() < text_piece_bytes) return {};
    TRY(write_text_(piece_));
    piece_.clear();
    return {};
  }

  PackedLiterals& into_;
  const std::function<Done(std::string_view)>& write_text_;
  std::string piece_;
  std::uint64_t line_ = 0;
  std::size_t used_ = 0;
};

}  // namespace

LiteralImage PackedLiterals::image(std::string_view text) const {
  LiteralImage image{.key = key,
                     .filter = filter,
                     .lines = lines,
                     .homes = homes,
                     .text = text,
                     .addresses = {.words = addresses, .bits = address_bits}};
  std::ranges::copy(counts, image.counts);
  return image;
}

void LiteralPacker::add(LiteralKind kind, std::string_view key, std::uint32_t indicator) {
  const auto size = added_header_bytes + key.size();
  assert(size <= block_bytes);
  if (blocks_.empty() || block_bytes - used_ < size) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    used_ = 0;
  }
  char* const at = blocks_.back().get() + used_;
  const auto key_size = static_cast<std::uint32_t>(key.size());
  std::memcpy(at, &indicator, 4);
  std::memcpy(at + 4, &key_size, 4);
  at[8] = static_cast<char>(kind);
  std::memcpy(at + added_header_bytes, key.data(), key.size());
  entries_.push_back({literal_hash(key_, kind, key), (blocks_.size() - 1) << block_bits | used_});
  used_ += size;
  const bool v4 = kind == LiteralKind::network && key.size() == v4_key_bytes;
  v4_networks_ += v4 ? 1 : 0;
  in_filter_alone_ += kind == LiteralKind::domain || (kind == LiteralKind::network && !v4) ? 1 : 0;
}

LiteralPacker::Added LiteralPacker::added(const Entry& entry) const {
  const char* const at = blocks_[entry.at >> block_bits].get() + (entry.at & (block_bytes - 1));
  Added out;
  std::uint32_t size;
  std::memcpy(&out.indicator, at, 4);
  std::memcpy(&size, at + 4, 4);
  out.kind = static_cast<LiteralKind>(at[8]);
  out.key = {at + added_header_bytes, size};
  return out;
}

Result<PackedLiterals> LiteralPacker::pack(const std::function<Done(std::string_view)>& write_text) {
  std::ranges::sort(entries_, {}, [](const Entry& entry) { return std::pair(entry.hash, entry.at); });
  std::uint64_t distinct = 0;  // two keys with one hash count once: the next line takes the other
  for (std::size_t i = 0; i < entries_.size(); ++i)
    distinct += i == 0 || entries_[i].hash != entries_[i - 1].hash;
  PackedLiterals out{.key = key_};
  out.homes = distinct / keys_of_line + 1;
  out.lines.resize(static_cast<std::size_t>(out.homes));
  out.filter.resize(static_cast<std::size_t>((distinct + in_filter_alone_) * filter_bits_of_key / 64 + 1));
  if (v4_networks_ > 0) {
    out.address_bits = std::clamp(static_cast<unsigned>(std::bit_width(v4_networks_)) + address_bits_spare,
                                  address_bits_min,
                                  address_bits_max);
    out.addresses.resize(std::size_t{1} << (out.address_bits - 6));
  }
  LineWriter writer(out, write_text);
  std::vector<Added> same_hash;
  std::string record;
  for (std::size_t i = 0; i < entries_.size();) {
    const auto hash = entries_[i].hash;
    same_hash.clear();
    for (; i < entries_.size() && entries_[i].hash == hash; ++i) same_hash.push_back(added(entries_[i]));
    std::ranges::sort(same_hash, {}, [](const Added& a) { return std::tuple(a.kind, a.key, a.indicator); });
    for (std::size_t first = 0, last = 0; first < same_hash.size(); first = last) {
      const auto& literal = same_hash[first];
      std::string numbers;
      for (last = first; last < same_hash.size(); ++last) {
        const auto& next = same_hash[last];
        if (next.kind != literal.kind || next.key != literal.key) break;
        if (last == first || next.indicator != same_hash[last - 1].indicator)
          put_fixed(numbers, next.indicator);
      }
      record.clear();
      put_text(record, literal.key);
      record += static_cast<char>(literal.kind);
      put_varint(record, numbers.size() / 4);
      record += numbers;
      TRY(writer.add(hash, record));
      add_forerunner(out, literal.kind, literal.key);
      ++out.literals;
      ++out.counts[static_cast<std::size_t>(literal.kind)];
    }
  }
  TRY(writer.finish());
  *this = LiteralPacker(key_);
  return out;
}

}  // namespace shieldwall::detect
