#include "ledger/log/tiles.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ledger/log/decimal.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t hash_bytes = 32;

std::string index_path(std::uint64_t index) {
  auto path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = fmt::format("x{:03}/{}", index % 1000, path);
  return path;
}

Digest digest_at(std::string_view tile, std::size_t position) {
  Digest digest;
  std::ranges::copy(tile.substr(position * hash_bytes, hash_bytes), digest.bytes.begin());
  return digest;
}

/// The root of a run of hashes, its length a power of two.
Digest fold(std::vector<Digest> hashes) {
  while (hashes.size() > 1) {
    for (std::size_t i = 0; i < hashes.size() / 2; ++i)
      hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    hashes.resize(hashes.size() / 2);
  }
  return hashes.front();
}

Bytes joined(const std::vector<Digest>& hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * hash_bytes);
  for (const auto& hash : hashes) bytes += hash.view();
  return bytes;
}

/// How many hashes the tile `index` at tile level `level` has in a log of `size` leaves.
std::size_t width_at(std::uint64_t size, int level, std::uint64_t index) {
  const int shift = level * tile_height;
  const auto hashes = shift < 64 ? size >> shift : 0;
  const auto before = index * tile_hashes;
  return hashes <= before ? 0
                          : static_cast<std::size_t>(std::min<std::uint64_t>(hashes - before, tile_hashes));
}

}  // namespace

std::string TileName::path() const {
  const auto name = level == entries ? std::string("entries") : fmt::format("{}", level);
  const auto partial = width == tile_hashes ? std::string() : fmt::format(".p/{}", width);
  return fmt::format("tile/{}/{}{}", name, index_path(index), partial);
}

Result<TileName> TileName::parse(std::string_view path) {
  const auto refused = [&] {
    return fail(ErrorCode::invalid, "not the path of a tile: {}", path.substr(0, 100));
  };
  auto rest = path;
  if (!rest.starts_with("tile/")) return refused();
  rest.remove_prefix(5);
  TileName name;
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return refused();
  const auto level = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  if (level == "entries") {
    name.level = entries;
  } else {
    const auto number = plain_decimal(level);
    if (!number || *number > 63 / tile_height) return refused();
    name.level = static_cast<int>(*number);
  }
  if (const auto partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = plain_decimal(rest.substr(partial + 3));
    if (!width || *width == 0 || *width >= tile_hashes) return refused();
    name.width = static_cast<std::size_t>(*width);
    rest = rest.substr(0, partial);
  }
  for (int groups = 0; !rest.empty(); ++groups) {
    if (groups == 6) return refused();  // 10^18 tiles: beyond any 64-bit log
    const bool more = rest.front() == 'x';
    const auto digits = rest.substr(more ? 1 : 0, 3);
    if (digits.size() != 3 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
      return refused();
    name.index = name.index * 1000 + static_cast<std::uint64_t>((digits[0] - '0') * 100 +
                                                                (digits[1] - '0') * 10 + (digits[2] - '0'));
    rest.remove_prefix(more ? 4 : 3);
    if (more != rest.starts_with('/')) return refused();
    if (more) rest.remove_prefix(1);
  }
  if (name.path() != path) return refused();  // leading groups of zeros
  return name;
}

Result<Digest> TiledHashes::subtree(int level, std::uint64_t index) const {
  // A full tile's root stands in the tile above; within a tile the lower levels are folded again.
  const int tile_level = level / tile_height;
  const int inner = level % tile_height;
  const auto first = index << inner;
  const auto count = std::size_t{1} << inner;
  const TileName name{.level = tile_level,
                      .index = first / tile_hashes,
                      .width = width_at(size_, tile_level, first / tile_hashes)};
  const auto begin = static_cast<std::size_t>(first % tile_hashes);
  if (name.width < begin + count)
    return fail(
        ErrorCode::not_found, "the log of {} leaves has no subtree {} at level {}", size_, index, level);
  const auto bytes = TRY(tiles_.tile(name));
  if (bytes.size() != name.width * hash_bytes)
    return fail(ErrorCode::corrupt,
                "{} has {} bytes instead of {}",
                name.path(),
                bytes.size(),
                name.width * hash_bytes);
  std::vector<Digest> hashes(count);
  for (std::size_t i = 0; i < count; ++i) hashes[i] = digest_at(bytes, begin + i);
  return fold(std::move(hashes));
}

Result<TileBuilder> TileBuilder::resume(const TileSource& tiles, std::uint64_t size, const Digest& root) {
  TileBuilder builder;
  builder.size_ = size;
  for (int level = 0; level * tile_height < 64 && (size >> (level * tile_height)) > 0; ++level) {
    const auto hashes = size >> (level * tile_height);
    Edge edge{.index = hashes / tile_hashes, .hashes = {}, .changed = false};
    const TileName name{.level = level, .index = edge.index, .width = hashes % tile_hashes};
    if (name.width > 0) {
      const auto bytes = TRY(tiles.tile(name));
      if (bytes.size() != name.width * hash_bytes)
        return fail(ErrorCode::corrupt, "{} has {} bytes", name.path(), bytes.size());
      for (std::size_t i = 0; i < name.width; ++i) edge.hashes.push_back(digest_at(bytes, i));
      if (level == 0)
        builder.bundle_ =
            TRY(tiles.tile({.level = TileName::entries, .index = edge.index, .width = name.width}));
    }
    builder.edges_.push_back(std::move(edge));
  }
  if (builder.root() != root)
    return fail(
        ErrorCode::corrupt, "the stored tiles do not lead to the root of the {} leaves signed last", size);
  return builder;
}

Done TileBuilder::append(std::string_view entry) {
  if (entry.size() > entry_bytes_max)
    return fail(ErrorCode::invalid, "a log entry of {} bytes; at most {}", entry.size(), entry_bytes_max);
  bundle_ += static_cast<char>(entry.size() >> 8);
  bundle_ += static_cast<char>(entry.size() & 0xff);
  bundle_ += entry;
  ++size_;
  add(0, leaf_hash(entry));
  return {};
}

void TileBuilder::add(std::size_t level, const Digest& hash) {
  if (edges_.size() == level) edges_.emplace_back();
  auto& edge = edges_[level];
  edge.hashes.push_back(hash);
  edge.changed = true;
  if (edge.hashes.size() < tile_hashes) return;

  const auto tile_level = static_cast<int>(level);
  complete_.push_back({{.level = tile_level, .index = edge.index}, joined(edge.hashes)});
  if (level == 0)
    complete_.push_back({{.level = TileName::entries, .index = edge.index}, std::exchange(bundle_, {})});
  const auto above = fold(std::exchange(edge.hashes, {}));
  ++edge.index;
  edge.changed = false;
  add(level + 1, above);  // `edge` is no longer valid after this
}

Digest TileBuilder::root() const {
  // The right edge, lowest level first: the hashes of each tile beyond the last full one, as a mountain range
  // whose peaks are joined from the right.
  std::optional<Digest> right;
  for (const auto& edge : edges_) {
    auto left = edge.hashes.size();
    while (left > 0) {
      const auto count = left & (~left + 1);  // the lowest power of two in it: the rightmost peak
      const auto first = edge.hashes.begin() + static_cast<std::ptrdiff_t>(left - count);
      const auto peak = fold(std::vector<Digest>(first, first + static_cast<std::ptrdiff_t>(count)));
      right = right ? node_hash(peak, *right) : peak;
      left -= count;
    }
  }
  return right ? *right : empty_root();
}

std::vector<Tile> TileBuilder::take_changed() {
  auto changed = std::exchange(complete_, {});
  for (std::size_t level = 0; level < edges_.size(); ++level) {
    auto& edge = edges_[level];
    if (!std::exchange(edge.changed, false)) continue;
    const auto width = edge.hashes.size();
    changed.push_back(
        {{.level = static_cast<int>(level), .index = edge.index, .width = width}, joined(edge.hashes)});
    if (level == 0)
      changed.push_back({{.level = TileName::entries, .index = edge.index, .width = width}, bundle_});
  }
  return changed;
}

Result<std::vector<std::string_view>> entries_of(std::string_view bundle) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return fail(ErrorCode::corrupt, "an entry bundle ends within a length");
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bundle[0])) << 8 |
                        static_cast<unsigned char>(bundle[1]);
    bundle.remove_prefix(2);
    if (bundle.size() < length) return fail(ErrorCode::corrupt, "an entry bundle ends within an entry");
    entries.push_back(bundle.substr(0, length));
    bundle.remove_prefix(length);
  }
  return entries;
}

}  // namespace shieldwall::ledger
