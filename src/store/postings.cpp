#include "store/postings.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace shieldwall::store {

namespace {

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

/// Reads what append_varint wrote; `ok` turns false at a cut or overlong number.
struct VarintReader {
  std::string_view bytes;
  bool ok = true;

  std::uint64_t next() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok = false;
    return 0;
  }
};

Error damaged_page() {
  return {ErrorCode::corrupt, "an index page is damaged"};
}

/// Calls take(key, sequence) for each posting; `wanted(key)` false skips a group unseen.
template <typename Wanted, typename Take>
bool walk(std::string_view page, Wanted&& wanted, Take&& take) {
  VarintReader in{page};
  Key key = 0;
  while (in.ok && !in.bytes.empty()) {
    key += in.next();
    const auto count = in.next();
    const auto size = in.next();
    if (!in.ok || size > in.bytes.size() || count > size) return false;
    VarintReader group{in.bytes.substr(0, size)};
    in.bytes.remove_prefix(size);
    if (!wanted(key)) continue;
    Sequence sequence = 0;
    for (std::uint64_t i = 0; i < count; ++i) take(key, sequence += group.next());
    if (!group.ok || !group.bytes.empty()) return false;
  }
  return in.ok;
}

}  // namespace

void sort_postings(std::vector<Posting>& postings) {
  // Least digit first keeps the order of equal keys, so sequences that came in order stay so.
  constexpr int digit_bits = 11;
  constexpr std::size_t digits = 1u << digit_bits;
  if (postings.size() < 4096) {
    std::ranges::sort(postings);
    return;
  }
  const bool in_order = std::ranges::is_sorted(postings, {}, &Posting::sequence);
  if (!in_order) {
    std::ranges::sort(postings);
    return;
  }
  std::vector<Posting> other(postings.size());
  for (int shift = 0; shift < 64; shift += digit_bits) {
    std::array<std::size_t, digits> starts{};
    for (const auto& posting : postings) ++starts[posting.key >> shift & (digits - 1)];
    std::size_t start = 0;
    for (auto& count : starts) start += std::exchange(count, start);
    for (const auto& posting : postings) other[starts[posting.key >> shift & (digits - 1)]++] = posting;
    postings.swap(other);
  }
}

void Group::add(Sequence sequence) {
  if (count == 0) first = sequence;
  append_varint(bytes, count == 0 ? sequence : sequence - last);
  last = sequence;
  ++count;
}

void Group::append(const Group& later) {
  VarintReader rest{later.bytes};
  append_varint(bytes, rest.next() - last);
  bytes += rest.bytes;
  last = later.last;
  count += later.count;
}

std::optional<Posting> PostingReader::next() {
  if (left_ == 0) return std::nullopt;
  --left_;
  VarintReader in{rest_};
  last_ += in.next();
  rest_ = in.bytes;
  return Posting{key_, last_};
}

Result<bool> PageReader::next(Group& group) {
  if (rest_.empty()) return false;
  VarintReader in{rest_};
  const auto step = in.next();
  group.count = in.next();
  const auto size = in.next();
  if (!in.ok || size > in.bytes.size() || group.count == 0 || group.count > size || step > ~key_)
    return fail(damaged_page());
  key_ += step;
  rest_ = in.bytes.substr(size);
  group.key = key_;
  group.bytes.assign(in.bytes.substr(0, size));
  VarintReader sequences{group.bytes};
  group.first = group.last = sequences.next();
  for (std::uint64_t i = 1; i < group.count; ++i) {
    const auto before = std::exchange(group.last, group.last + sequences.next());
    if (group.last < before) return fail(damaged_page());
  }
  if (!sequences.ok || !sequences.bytes.empty()) return fail(damaged_page());
  return true;
}

bool PageWriter::has_room_for(const Group& group) const {
  constexpr std::size_t head_bytes = 16;  // of a group, about
  return page_.size() + group_.size() + group.bytes.size() + 2 * head_bytes < posting_page_bytes;
}

void PageWriter::add(const Group& group) {
  close_group();
  if (count_ == 0) first_ = {group.key, group.first};
  append_varint(page_, group.key - previous_key_);
  append_varint(page_, group.count);
  append_varint(page_, group.bytes.size());
  page_ += group.bytes;
  previous_key_ = group.key;
  last_ = {group.key, group.last};
  count_ += group.count;
}

void PageWriter::add(const Posting& posting) {
  if (count_ == 0) first_ = posting;
  if (count_ > 0 && posting.key != last_.key) close_group();
  append_varint(group_, group_count_ == 0 ? posting.sequence : posting.sequence - last_.sequence);
  ++group_count_;
  ++count_;
  last_ = posting;
  if (page_.size() + group_.size() >= posting_page_bytes)
    close_group();  // a long list continues on the next page
}

void PageWriter::close_group() {
  if (group_count_ == 0) return;
  append_varint(page_, last_.key - previous_key_);
  append_varint(page_, group_count_);
  append_varint(page_, group_.size());
  page_ += group_;
  previous_key_ = last_.key;
  group_.clear();
  group_count_ = 0;
}

std::string PageWriter::take() {
  close_group();
  previous_key_ = 0;
  count_ = 0;
  return std::exchange(page_, {});
}

Result<std::vector<Posting>> read_page(std::string_view page) {
  std::vector<Posting> postings;
  const bool whole = walk(
      page,
      [](Key) { return true; },
      [&](Key key, Sequence sequence) { postings.push_back({key, sequence}); });
  if (!whole || !std::ranges::is_sorted(postings)) return fail(damaged_page());
  return postings;
}

Result<std::vector<Sequence>> read_page(std::string_view page, Key key) {
  std::vector<Sequence> sequences;
  const bool whole = walk(
      page,
      [key](Key found) { return found == key; },
      [&](Key, Sequence sequence) { sequences.push_back(sequence); });
  if (!whole) return fail(damaged_page());
  return sequences;
}

std::string encode_tail(const std::vector<Posting>& postings) {
  static_assert(sizeof(Posting) == 16);
  return {reinterpret_cast<const char*>(postings.data()), postings.size() * sizeof(Posting)};
}

Result<std::vector<Posting>> decode_tail(std::string_view bytes) {
  std::vector<Posting> postings(bytes.size() / sizeof(Posting));
  if (bytes.size() % sizeof(Posting) == 0 && !bytes.empty())
    std::memcpy(postings.data(), bytes.data(), bytes.size());
  if (bytes.size() % sizeof(Posting) != 0 || !std::ranges::is_sorted(postings))
    return fail(ErrorCode::corrupt, "a row of the index tail is damaged");
  return postings;
}

}  // namespace shieldwall::store
