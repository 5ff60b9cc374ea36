#include "ledger/log/tiles.h"

#include <map>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

class Shelf final : public TileSource {
 public:
  Result<Bytes> tile(const TileName& name) const override {
    const auto found = tiles.find(name.path());
    if (found == tiles.end()) return fail(ErrorCode::not_found, "no {}", name.path());
    return found->second;
  }
  void keep(std::vector<Tile> changed) {
    for (auto& tile : changed) tiles.insert_or_assign(tile.name.path(), std::move(tile.bytes));
  }

  std::map<std::string, Bytes> tiles;
};

std::string entry(std::uint64_t i) {
  return "entry " + std::to_string(i);
}

constexpr std::uint64_t many = 70'000;  // two full levels of tiles and a third begun

/// A log of `many` entries on a shelf.
const std::pair<Shelf, Digest>& big_log() {
  static const auto made = [] {
    std::pair<Shelf, Digest> log;
    TileBuilder builder;
    for (std::uint64_t i = 0; i < many; ++i) REQUIRE(builder.append(entry(i)));
    log.first.keep(builder.take_changed());
    log.second = builder.root();
    return log;
  }();
  return made;
}

}  // namespace

TEST_CASE("a tile's path groups its index by three digits") {
  CHECK(TileName{.level = 0, .index = 1'234'067}.path() == "tile/0/x001/x234/067");
  CHECK(TileName{.level = 1, .index = 0, .width = 17}.path() == "tile/1/000.p/17");
  CHECK(TileName{.level = TileName::entries, .index = 273, .width = 112}.path() == "tile/entries/273.p/112");
  for (const auto& name : {TileName{.level = 0, .index = 1'234'067},
                           TileName{.level = 7, .index = 999, .width = 255},
                           TileName{.level = TileName::entries, .index = 1000}})
    CHECK(*TileName::parse(name.path()) == name);
}

TEST_CASE("a path that a tile does not have is refused") {
  for (const auto* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/001",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/001/002",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/",
                           "tile/0/-01",
                           "tile/entries/../x",
                           "tile/data/000",
                           "/tile/0/000",
                           "tile/0/000 ",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    CAPTURE(path);
    CHECK_FALSE(TileName::parse(path));
  }
}

TEST_CASE("70,000 entries give the tiles that the format counts") {
  const auto& shelf = big_log().first.tiles;
  const auto width = [&](const char* path) { return shelf.contains(path) ? shelf.at(path).size() / 32 : 0; };
  CHECK(width("tile/0/272") == 256);
  CHECK(width("tile/0/273.p/112") == 112);
  CHECK(width("tile/1/000") == 256);
  CHECK(width("tile/1/001.p/17") == 17);
  CHECK(width("tile/2/000.p/1") == 1);
  CHECK(shelf.size() == 2 * 274 + 2 + 1);  // hashes and entries, then the levels above
}

TEST_CASE("any entry and any earlier size is proved from the tiles") {
  const auto& [shelf, root] = big_log();
  const TiledHashes hashes(shelf, many);
  CHECK(*tree_root(hashes, many) == root);
  for (const std::uint64_t index : {0, 1, 255, 256, 65'535, 65'536, 69'887, 69'888, 69'999}) {
    const auto proof = *prove_inclusion(hashes, index, many);
    CHECK(check_inclusion(leaf_hash(entry(index)), index, many, proof, root));
    const auto bundle = shelf.tile({.level = TileName::entries,
                                    .index = index / 256,
                                    .width = index / 256 == 273 ? std::size_t{112} : tile_hashes});
    CHECK((*entries_of(*bundle))[index % 256] == entry(index));
  }
  for (const std::uint64_t old_size : {1, 255, 256, 257, 12'345, 65'536, 69'999}) {
    const auto proof = *prove_consistency(hashes, old_size, many);
    CHECK(check_consistency(old_size, *tree_root(hashes, old_size), many, root, proof));
  }
}

TEST_CASE("a log goes on after a restart as if there had been none") {
  Shelf shelf;
  TileBuilder whole;
  auto broken = TileBuilder();
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    REQUIRE(whole.append(entry(i)));
    REQUIRE(broken.append(entry(i)));
    if (i % 37 != 0) continue;
    shelf.keep(broken.take_changed());
    broken = *TileBuilder::resume(shelf, broken.size(), broken.root());
  }
  shelf.keep(broken.take_changed());
  CHECK(broken.root() == whole.root());
  Shelf other;
  other.keep(whole.take_changed());
  for (const auto& [path, bytes] : other.tiles) CHECK(shelf.tiles[path] == bytes);
}

TEST_CASE("a log whose tiles were changed is not continued") {
  Shelf shelf;
  TileBuilder builder;
  for (std::uint64_t i = 0; i < 300; ++i) REQUIRE(builder.append(entry(i)));
  shelf.keep(builder.take_changed());
  auto changed = shelf;
  changed.tiles["tile/0/001.p/44"][100] ^= 1;
  CHECK(TileBuilder::resume(changed, 300, builder.root()).error().code == ErrorCode::corrupt);
  changed.tiles["tile/0/001.p/44"].pop_back();
  CHECK(TileBuilder::resume(changed, 300, builder.root()).error().code == ErrorCode::corrupt);
  changed.tiles.erase("tile/0/001.p/44");
  CHECK(TileBuilder::resume(changed, 300, builder.root()).error().code == ErrorCode::not_found);
  CHECK(TileBuilder::resume(shelf, 299, builder.root()).error().code == ErrorCode::not_found);
}

TEST_CASE("an entry too long for its length is refused, the longest is kept") {
  TileBuilder builder;
  CHECK_FALSE(builder.append(std::string(entry_bytes_max + 1, 'x')));
  CHECK(builder.size() == 0);
  CHECK(builder.append(std::string(entry_bytes_max, 'x')));
  const auto tiles = builder.take_changed();
  CHECK(entries_of(tiles.back().bytes)->front().size() == entry_bytes_max);
}

TEST_CASE("a bundle cut anywhere is corrupt") {
  const std::string bundle("\0\3abc\0\0\0\1d", 10);
  CHECK(entries_of(bundle)->size() == 3);
  for (const std::size_t cut : {1, 3, 6, 8}) CHECK_FALSE(entries_of(bundle.substr(0, cut)));
}
