#pragma once
// The log's hashes in tiles (C2SP tlog-tiles): immutable files of 256 hashes that any web server can hand
// out.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/log/merkle.h"

namespace shieldwall::ledger {

inline constexpr int tile_height = 8;                         // levels of the tree in a tile
inline constexpr std::size_t tile_hashes = 1 << tile_height;  // in a full tile
inline constexpr std::size_t entry_bytes_max = 65'535;        // its length is written in two bytes

/// Which tile: `level` counts tiles upwards from the leaves; -1 is the bundle of the entries themselves.
struct TileName {
  int level = 0;
  std::uint64_t index = 0;
  std::size_t width = tile_hashes;  // 1..256; fewer than 256: the partial tile at the right edge
  auto operator<=>(const TileName&) const = default;

  static constexpr int entries = -1;

  /// `tile/0/x001/x234/067`, `tile/1/000.p/17`, `tile/entries/000`.
  std::string path() const;
  /// errors: invalid: not a path that `path` writes
  static Result<TileName> parse(std::string_view path);
};

/// Hands out stored tiles. `bytes` are width * 32, or the entry bundle.
///   errors  not_found: there is no such tile
class TileSource {
 public:
  virtual ~TileSource() = default;
  virtual Result<Bytes> tile(const TileName& name) const = 0;
};

/// The hashes of a log of `size` leaves, read from its tiles. Reads whatever width was stored last for that
/// size.
class TiledHashes final : public SubtreeHashes {
 public:
  TiledHashes(const TileSource& tiles, std::uint64_t size) : tiles_(tiles), size_(size) {}
  /// errors  also corrupt: a tile of another length than its name says
  Result<Digest> subtree(int level, std::uint64_t index) const override;

 private:
  const TileSource& tiles_;
  std::uint64_t size_;
};

struct Tile {
  TileName name;
  Bytes bytes;
};

/// The growing right edge: takes leaves, gives the tiles that changed. Holds at most 256 hashes a tile level.
class TileBuilder {
 public:
  TileBuilder() = default;
  /// Continues a stored log.
  ///   errors  those of `tiles`; corrupt: its tiles do not lead to `root`
  static Result<TileBuilder> resume(const TileSource& tiles, std::uint64_t size, const Digest& root);

  /// errors: invalid: longer than `entry_bytes_max`. Nothing is added then.
  Done append(std::string_view entry);
  std::uint64_t size() const { return size_; }
  Digest root() const;
  /// The full tiles completed since the last call, and every partial tile at the edge that changed.
  std::vector<Tile> take_changed();

 private:
  struct Edge {
    std::uint64_t index = 0;     // of the tile being filled
    std::vector<Digest> hashes;  // 0..255
    bool changed = false;
  };

  void add(std::size_t level, const Digest& hash);

  std::uint64_t size_ = 0;
  std::vector<Edge> edges_;  // one a tile level
  Bytes bundle_;             // entries of the leaf tile being filled
  std::vector<Tile> complete_;
};

/// The entries of a bundle, in order. errors: corrupt: it does not end where an entry does
Result<std::vector<std::string_view>> entries_of(std::string_view bundle);

}  // namespace shieldwall::ledger
