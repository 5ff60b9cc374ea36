#include "ledger/log/verify.h"

#include <algorithm>
#include <map>

#include "ledger/log/entry.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t hash_bytes = 32;

std::uint64_t tiles_for(std::uint64_t hashes) {
  return (hashes + tile_hashes - 1) / tile_hashes;
}

/// The tile of that level and index in a log of `size` entries.
TileName name_at(int level, std::uint64_t index, std::uint64_t size) {
  const auto hashes = level > 0 ? size >> (tile_height * level) : size;
  return {
      .level = level,
      .index = index,
      .width = static_cast<std::size_t>(std::min<std::uint64_t>(tile_hashes, hashes - index * tile_hashes))};
}

std::unexpected<Error> differs(const Tile& tile, std::string_view found) {
  if (found.size() != tile.bytes.size())
    return fail(
        ErrorCode::corrupt, "{}: {} bytes instead of {}", tile.name.path(), found.size(), tile.bytes.size());
  const auto [one, other] = std::ranges::mismatch(tile.bytes, found);
  const auto place = static_cast<std::uint64_t>(one - tile.bytes.begin()) / hash_bytes;
  return fail(ErrorCode::corrupt,
              "{}: hash {} is not that of the entries below it (entry {})",
              tile.name.path(),
              place,
              (tile.name.index * tile_hashes + place) << (tile_height * tile.name.level));
}

/// Makes the tiles again from the entries, and compares.
class Verification {
 public:
  Verification(LogSource& source, std::uint64_t size) : source_(source), size_(size) {}

  Done run(VerifiedLog& log) {
    for (std::uint64_t bundle = 0; bundle < tiles_for(size_); ++bundle) {
      TRY(add_bundle(name_at(TileName::entries, bundle, size_), log));
      for (auto& tile : builder_.take_changed()) TRY(compare(std::move(tile)));
    }
    for (const auto& [level, tile] : edges_) TRY(compare_now(tile));
    if (builder_.root() == log.checkpoint.root) return {};
    return fail(ErrorCode::corrupt,
                "checkpoint: the {} entries lead to another root than the one that was signed",
                size_);
  }

 private:
  Done add_bundle(const TileName& name, VerifiedLog& log) {
    const auto bytes = TRY(source_.get(name.path()));
    const auto entries = entries_of(bytes);
    if (!entries) return fail(ErrorCode::corrupt, "{}: {}", name.path(), entries.error().message);
    if (entries->size() != name.width)
      return fail(
          ErrorCode::corrupt, "{}: {} entries instead of {}", name.path(), entries->size(), name.width);
    for (const auto entry : *entries) {
      TRY(builder_.append(entry));
      const auto read = read_entry(entry);
      ++(!read ? log.others : *read ? log.clear : log.commitments);
    }
    return {};
  }

  Done compare(Tile tile) {
    if (tile.name.level < 0) return {};  // it was made from that
    edges_.erase(tile.name.level);
    if (tile.name.width == tile_hashes) return compare_now(tile);
    edges_.emplace(tile.name.level, std::move(tile));
    return {};
  }

  Done compare_now(const Tile& tile) {
    const auto found = TRY(source_.get(tile.name.path()));
    return found == tile.bytes ? Done{} : differs(tile, found);
  }

  LogSource& source_;
  std::uint64_t size_;
  TileBuilder builder_;
  std::map<int, Tile> edges_;  // partial tiles, of which the last of each level counts
};

}  // namespace

Result<Bytes> FolderSource::get(const std::string& path) {
  return read_file(fs_, folder_ + "/" + path, tile_file_bytes_max);
}

Result<VerifiedLog> verify_log(LogSource& source, const NoteKey& key) {
  const auto text = TRY(source.get("checkpoint"));
  auto note = read_note(text);
  if (!note) return fail(ErrorCode::corrupt, "checkpoint: {}", note.error().message);
  auto checkpoint = open_checkpoint(*note, key);
  if (!checkpoint) return fail(ErrorCode::corrupt, "checkpoint: {}", checkpoint.error().message);
  VerifiedLog log{.note = std::move(*note), .checkpoint = std::move(*checkpoint)};
  TRY(Verification(source, log.checkpoint.size).run(log));
  return log;
}

Done export_log(LogSource& source, Fs& fs, const std::string& folder) {
  const auto text = TRY(source.get("checkpoint"));
  const auto note = TRY(read_note(text));
  const auto size = TRY(Checkpoint::parse(note.text)).size;
  const auto copy = [&](const TileName& name) -> Done {
    const auto path = name.path();
    const auto bytes = TRY(source.get(path));
    TRY(fs.make_directory(folder + "/" + path.substr(0, path.rfind('/'))));
    const auto file = TRY(fs.open(folder + "/" + path, OpenMode::write));
    TRY(file->truncate(0));
    return file->write_at(0, bytes);
  };
  TRY(fs.make_directory(folder));
  for (int level = TileName::entries; level < 64 / tile_height; ++level) {
    const auto hashes = level > 0 ? size >> (tile_height * level) : size;
    for (std::uint64_t index = 0; index < tiles_for(hashes); ++index) TRY(copy(name_at(level, index, size)));
  }
  return write_file_durably(fs, folder + "/checkpoint", text);  // last: it stands for all the rest
}

}  // namespace shieldwall::ledger
