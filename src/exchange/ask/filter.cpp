#include "exchange/ask/filter.h"

#include <algorithm>
#include <array>

#include <sodium.h>

namespace shieldwall::exchange::ask {

namespace {

constexpr std::string_view magic = "SWAF";
constexpr std::uint8_t form = 1;
constexpr std::uint8_t suite = 1;  // ristretto255-SHA512, mode VOPRF
constexpr std::size_t head_bytes = 4 + 1 + 1 + 1 + 1 + 4 + 8 + voprf::element_bytes;
constexpr std::size_t check_bytes = 32;
constexpr std::size_t cell_bytes = 5;  // check and flags
constexpr int seeds_max = 256;         // one in ten fails at the smallest class, far fewer above

void put(Bytes& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

std::uint64_t number_at(std::string_view bytes, std::size_t from, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | static_cast<unsigned char>(bytes[from + i]);
  return number;
}

/// Where things stand in a filter of one class. Segments of 2^segment_bits cells, as many of them as give
/// each tag a third of 1.25 cells (1.4 in the small classes, whose layouts fail more often).
struct Layout {
  std::uint32_t segment_bits;
  std::uint32_t segments;  // that a tag's first cell may lie in; two more follow

  static Layout of(int size_class) {
    // Steps of the published construction (3-wise, Graf and Lemire 2022), in whole numbers: segments grow by
    // 2 for each 3.33-fold size.
    const auto size = std::uint64_t{1} << size_class;
    const auto bits = static_cast<std::uint32_t>(std::min((size_class * 576 + 2250) / 1000, 18));
    const auto per_mille = size_class <= 12 ? 1400u : size_class <= 16 ? 1250u : 1160u;
    const auto cells = size * per_mille / 1000;
    const auto segments = static_cast<std::uint32_t>((cells + (1u << bits) - 1) >> bits);
    return {bits, std::max(segments, 3u) - 2};
  }
  std::size_t cells() const { return static_cast<std::size_t>(segments + 2) << segment_bits; }

  std::array<std::uint32_t, 3> cells_of(std::uint64_t place, std::uint64_t seed) const {
    auto hash = place + seed;  // the places are random already; mixing makes each seed another layout
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ULL;
    hash ^= hash >> 33;
    const auto range = static_cast<std::uint64_t>(segments) << segment_bits;
    __extension__ using Wide = unsigned __int128;
    const auto first = static_cast<std::uint32_t>(static_cast<Wide>(hash) * range >> 64);
    const auto segment = 1u << segment_bits;
    const auto mask = segment - 1;
    return {first,
            (first + segment) ^ (static_cast<std::uint32_t>(hash >> 18) & mask),
            (first + 2 * segment) ^ (static_cast<std::uint32_t>(hash) & mask)};
  }
};

int class_for(std::size_t count) {
  int size_class = size_class_min;
  while (size_class <= size_class_max && (std::size_t{1} << size_class) < count) ++size_class;
  return size_class;
}

/// Fills up with tags of nothing, drawn from the key.
void pad(std::vector<Entry>& entries, std::size_t size, std::string_view padding_key) {
  if (entries.size() == size) return;
  const std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> nonce{};
  const auto key = hmac_sha256(padding_key, "padding");
  Bytes drawn((size - entries.size()) * 12, '\0');
  crypto_stream_chacha20(
      reinterpret_cast<unsigned char*>(drawn.data()), drawn.size(), nonce.data(), key.bytes.data());
  for (std::size_t at = 0; at < drawn.size(); at += 12)
    entries.push_back({.place = number_at(drawn, at, 8),
                       .check = static_cast<std::uint32_t>(number_at(drawn, at + 8, 4)),
                       .flags = 0});
}

/// One attempt to give every entry a cell of its own: entries in the order in which they are to be written,
/// last peeled first, each with its cell. Empty when the layout does not come out.
struct Peeled {
  std::uint32_t entry;
  std::uint32_t cell;
};

class Peeling {
 public:
  Peeling(const Layout& layout, const std::vector<Entry>& entries, std::uint64_t seed)
      : layout_(layout), entries_(entries), seed_(seed), counts_(layout.cells()), names_(layout.cells()) {}

  std::vector<Peeled> run() {
    for (std::uint32_t i = 0; i < entries_.size(); ++i) touch(i, 1);
    std::vector<std::uint32_t> lone;
    for (std::uint32_t cell = 0; cell < counts_.size(); ++cell)
      if (counts_[cell] == 1) lone.push_back(cell);
    std::vector<Peeled> order;
    order.reserve(entries_.size());
    while (!lone.empty()) {
      const auto cell = lone.back();
      lone.pop_back();
      if (counts_[cell] != 1) continue;
      const auto entry = names_[cell];
      order.push_back({entry, cell});
      touch(entry, -1);
      for (const auto other : layout_.cells_of(entries_[entry].place, seed_))
        if (counts_[other] == 1) lone.push_back(other);
    }
    if (order.size() != entries_.size()) return {};
    std::ranges::reverse(order);
    return order;
  }

 private:
  void touch(std::uint32_t entry, int by) {
    for (const auto cell : layout_.cells_of(entries_[entry].place, seed_)) {
      counts_[cell] += by;
      names_[cell] ^= entry;
    }
  }

  const Layout& layout_;
  const std::vector<Entry>& entries_;
  const std::uint64_t seed_;
  std::vector<std::int32_t> counts_;  // entries that have the cell
  std::vector<std::uint32_t> names_;  // their indexes, added by XOR: of a lone one its own
};

std::uint64_t content_of(const Entry& entry) {
  return static_cast<std::uint64_t>(entry.check) << 8 | entry.flags;
}

/// The cells' contents, each entry's the XOR of its three; nothing when this seed's layout does not come out.
std::optional<std::vector<std::uint64_t>> solve(const Layout& layout,
                                                const std::vector<Entry>& entries,
                                                std::uint64_t seed) {
  const auto order = Peeling(layout, entries, seed).run();
  if (order.empty()) return std::nullopt;
  std::vector<std::uint64_t> cells(layout.cells());
  for (const auto& [entry, cell] : order) {
    auto content = content_of(entries[entry]);
    for (const auto other : layout.cells_of(entries[entry].place, seed)) content ^= cells[other];
    cells[cell] = content;  // it was zero until now
  }
  return cells;
}

/// Sorted, each place once. Two values meet in 64 bits once in 2^64 pairs; then one of them is not found.
void settle(std::vector<Entry>& entries) {
  std::ranges::sort(entries);
  const auto same = std::ranges::unique(entries, {}, &Entry::place);
  entries.erase(same.begin(), same.end());
}

}  // namespace

Entry entry_of(const voprf::Tag& tag, std::uint8_t flags) {
  const std::string_view bytes(reinterpret_cast<const char*>(tag.data()), tag.size());
  return {.place = number_at(bytes, 0, 8),
          .check = static_cast<std::uint32_t>(number_at(bytes, 8, 4)),
          .flags = flags};
}

Bytes reference_of(const voprf::Tag& tag) {
  return {reinterpret_cast<const char*>(tag.data()) + 32, reference_bytes};
}

Result<Bytes> make_filter(std::uint32_t epoch,
                          const voprf::Element& key,
                          std::vector<Entry> entries,
                          std::string_view padding_key) {
  settle(entries);
  const int size_class = class_for(entries.size());
  if (size_class > size_class_max)
    return fail(ErrorCode::exhausted,
                "more than {} values can be asked for; a filter holds no more",
                std::size_t{1} << size_class_max);
  pad(entries, std::size_t{1} << size_class, padding_key);
  settle(entries);
  const auto layout = Layout::of(size_class);
  for (int i = 0; i < seeds_max; ++i) {
    const auto drawn = hmac_sha256(padding_key, fmt::format("layout {}", i));
    const auto seed = number_at(drawn.view(), 0, 8);
    const auto cells = solve(layout, entries, seed);
    if (!cells) continue;
    Bytes out(magic);
    put(out, form, 1);
    put(out, suite, 1);
    put(out, static_cast<std::uint64_t>(size_class), 1);
    put(out, 0, 1);
    put(out, epoch, 4);
    put(out, seed, 8);
    out += key.view();
    out.reserve(out.size() + cells->size() * cell_bytes + check_bytes);
    for (const auto cell : *cells) put(out, cell, cell_bytes);
    return out += sha256(out).view();
  }
  return fail(ErrorCode::internal, "no layout of a filter came out");
}

Result<Filter> Filter::parse(Bytes bytes) {
  const auto refuse = [](std::string_view why) {
    return fail(ErrorCode::invalid, "the set of tags {}", why);
  };
  if (bytes.size() < head_bytes + check_bytes) return refuse("ends early");
  if (!bytes.starts_with(magic)) return refuse("is of another form");
  if (number_at(bytes, 4, 1) != form) return refuse("has a version that this program does not know");
  if (number_at(bytes, 5, 1) != suite) return refuse("was made with an algorithm that is not known here");
  Filter filter;
  filter.size_class_ = static_cast<int>(number_at(bytes, 6, 1));
  if (filter.size_class_ < size_class_min || filter.size_class_ > size_class_max || bytes[7] != '\0')
    return refuse("has a size class that there is none of");
  const auto cells = Layout::of(filter.size_class_).cells();
  if (bytes.size() != head_bytes + cells * cell_bytes + check_bytes)
    return refuse("does not have the length of its size class");
  const auto body = std::string_view(bytes).substr(0, bytes.size() - check_bytes);
  if (sha256(body).view() != std::string_view(bytes).substr(body.size())) return refuse("is damaged");
  filter.epoch_ = static_cast<std::uint32_t>(number_at(bytes, 8, 4));
  filter.seed_ = number_at(bytes, 12, 8);
  filter.key_ = TRY(voprf::Element::from(body.substr(20, voprf::element_bytes)));
  filter.bytes_ = std::move(bytes);
  return filter;
}

std::optional<std::uint8_t> Filter::find(const voprf::Tag& tag) const {
  const auto wanted = entry_of(tag, 0);
  std::uint64_t content = 0;
  for (const auto cell : Layout::of(size_class_).cells_of(wanted.place, seed_))
    content ^= number_at(bytes_, head_bytes + cell * cell_bytes, cell_bytes);
  if (content >> 8 != wanted.check) return std::nullopt;
  return static_cast<std::uint8_t>(content & 0xff);
}

}  // namespace shieldwall::exchange::ask
