#include "ledger/log/log_files.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace shieldwall::ledger {

namespace {

constexpr std::size_t hash_bytes = 32;
constexpr std::size_t first_read_bytes = 16u << 10;  // of a partial bundle: 256 commitments take 9 KB
constexpr std::size_t bundle_bytes_max = tile_hashes * (2 + entry_bytes_max);

std::string level_file(int level) {
  return fmt::format("hashes-{}", level);
}

Bytes number_bytes(std::uint64_t number) {
  Bytes bytes(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8)
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  return bytes;
}

/// The bytes that the first `count` entries take; nothing when `bytes` ends before.
std::optional<std::size_t> length_of_entries(std::string_view bytes, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes.size() < at + 2) return {};
    at += 2 + (static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << 8 |
               static_cast<unsigned char>(bytes[at + 1]));
    if (bytes.size() < at) return {};
  }
  return at;
}

}  // namespace

Result<std::shared_ptr<File>> LogFiles::file(const std::string& name, For purpose) const {
  return state_.with([&](State& state) -> Result<std::shared_ptr<File>> {
    auto found = state.files.find(name);
    if (found == state.files.end()) {
      const auto path = folder_ + "/" + name;
      const bool exists = TRY(fs_.exists(path));
      if (!exists && purpose == For::reading) return fail(ErrorCode::not_found, "the log has no {}", name);
      std::shared_ptr<File> opened = TRY(fs_.open(path, OpenMode::write));
      if (!exists) state.made = true;
      found = state.files.emplace(name, Open{std::move(opened)}).first;
    }
    if (purpose == For::writing) found->second.dirty = true;
    return found->second.file;
  });
}

Result<std::uint64_t> LogFiles::offset_of(std::uint64_t bundle) const {
  if (bundle == 0) return 0;
  const auto offsets = TRY(file("offsets", For::reading));
  const auto bytes = TRY(offsets->read_at(bundle * 8, 8));
  if (bytes.size() < 8) return fail(ErrorCode::not_found, "the log has no entry bundle {}", bundle);
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

Done LogFiles::put(std::span<const Tile> tiles) {
  for (const auto& [name, bytes] : tiles) {
    if (name.level >= 0) {
      const auto hashes = TRY(file(level_file(name.level), For::writing));
      TRY(hashes->write_at(name.index * tile_hashes * hash_bytes, bytes));
      continue;
    }
    const auto begin = TRY(offset_of(name.index));
    const auto entries = TRY(file("entries", For::writing));
    TRY(entries->write_at(begin, bytes));
    if (name.width < tile_hashes) continue;
    const auto offsets = TRY(file("offsets", For::writing));
    TRY(offsets->write_at((name.index + 1) * 8, number_bytes(begin + bytes.size())));
  }
  return {};
}

Done LogFiles::sync() {
  std::vector<std::shared_ptr<File>> dirty;
  const bool made = state_.with([&](State& state) {
    for (auto& [name, open] : state.files)
      if (std::exchange(open.dirty, false)) dirty.push_back(open.file);
    return std::exchange(state.made, false);
  });
  for (const auto& file : dirty) TRY(file->sync());
  if (made) TRY(fs_.sync_directory(folder_));
  return {};
}

Result<Bytes> LogFiles::bundle(const TileName& name) const {
  const auto begin = TRY(offset_of(name.index));
  const auto entries = TRY(file("entries", For::reading));
  for (auto size = first_read_bytes;; size = std::min(size * 8, bundle_bytes_max)) {
    auto bytes = TRY(entries->read_at(begin, size));
    if (const auto length = length_of_entries(bytes, name.width)) {
      bytes.resize(*length);
      return bytes;
    }
    if (bytes.size() < size || size == bundle_bytes_max)
      return fail(ErrorCode::not_found, "the log has no {}", name.path());
  }
}

Result<Bytes> LogFiles::tile(const TileName& name) const {
  if (name.level < 0) return bundle(name);
  const auto hashes = TRY(file(level_file(name.level), For::reading));
  auto bytes = TRY(hashes->read_at(name.index * tile_hashes * hash_bytes, name.width * hash_bytes));
  if (bytes.size() < name.width * hash_bytes)
    return fail(ErrorCode::not_found, "the log has no {}", name.path());
  return bytes;
}

}  // namespace shieldwall::ledger
