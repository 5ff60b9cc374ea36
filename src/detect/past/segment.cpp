#include "detect/past/segment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/packed/cursor.h"

namespace shieldwall::detect::past {

namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, "damaged: {}", what);
}

/// A whole file, mapped to be read here and there.
class Mapped {
 public:
  Mapped() = default;
  ~Mapped() {
    if (size_ > 0) ::munmap(at_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  Done open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status{};
    const bool good = fd >= 0 && ::fstat(fd, &status) == 0;
    const auto size = good ? static_cast<std::size_t>(status.st_size) : 0;
    void* const at = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    const int why = errno;
    if (fd >= 0) ::close(fd);
    if (good && size == 0) return damaged("it is empty");
    if (at == MAP_FAILED)
      return fail(why == ENOENT   ? ErrorCode::not_found
                  : why == EACCES ? ErrorCode::denied
                                  : ErrorCode::unavailable,
                  "{}",
                  std::strerror(why));
    at_ = at;
    size_ = size;
    return {};
  }
  std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

/// Asks the disk for a page ahead of its use.
void announce(std::string_view bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(bytes.data());
  const auto begin = at / block_bytes * block_bytes;
  ::madvise(reinterpret_cast<void*>(begin), at + bytes.size() - begin, MADV_WILLNEED);
}

}  // namespace

struct Segment::State {
  Mapped hot_file, cold_file;
  std::string_view hot, cold;
  bool trusts = false;  // checksums are not asked
  bool is_mapped = false;
  HotHeader header{};
  ColdHeader cold_header{};
  std::vector<SegmentId> replaces;
  mutable std::vector<bool> checked;  // blocks whose checksum was right

  Done read_header() {
    if (hot.size() < header_bytes) return damaged("it is cut");
    std::memcpy(&header, hot.data(), sizeof header);
    if (std::string_view(header.magic, sizeof header.magic) != hot_magic)
      return fail(ErrorCode::invalid, "no segment of the past");
    if (header.version != format_version)
      return fail(ErrorCode::invalid, "version {} is not read here", header.version);
    if (!trusts && checksum(hot.substr(0, sizeof header - 8)) != header.header_checksum)
      return damaged("its header");
    const auto blocks_max = (hot.size() - header_bytes) / block_bytes;
    if (header.blocks > blocks_max || header.directory_at != header_bytes + header.blocks * block_bytes ||
        header.replaces > hot.size() / sizeof(SegmentId) ||
        hot.size() - header.directory_at !=
            header.blocks * sizeof(DirectoryEntry) + header.replaces * sizeof(SegmentId))
      return damaged("it is cut");
    const auto directory = hot.substr(header.directory_at);
    if (!trusts && checksum(directory) != header.directory_checksum) return damaged("its directory");
    replaces.resize(header.replaces);
    const auto ids = directory.substr(header.blocks * sizeof(DirectoryEntry));
    if (!ids.empty()) std::memcpy(replaces.data(), ids.data(), ids.size());
    checked.resize(header.blocks);
    return {};
  }

  Done read_cold_header() {
    if (cold.size() < sizeof cold_header) return damaged("its cold file is cut");
    std::memcpy(&cold_header, cold.data(), sizeof cold_header);
    if (std::string_view(cold_header.magic, sizeof cold_header.magic) != cold_magic ||
        (!trusts && checksum(cold.substr(0, sizeof cold_header - 8)) != cold_header.header_checksum))
      return damaged("its cold file's header");
    if (!trusts && cold_header.id != header.id) return damaged("its cold file is another's");
    if (cold_header.sources_at > cold.size() ||
        cold.size() - cold_header.sources_at != cold_header.sources_bytes)
      return damaged("its cold file is cut");
    return {};
  }

  DirectoryEntry entry(std::uint64_t block) const {
    DirectoryEntry entry;
    std::memcpy(&entry, hot.data() + header.directory_at + block * sizeof entry, sizeof entry);
    return entry;
  }

  std::string_view block_bytes_of(std::uint64_t block) const {
    return hot.substr(header_bytes + block * block_bytes, block_bytes);
  }

  Result<HotBlock> block(std::uint64_t number) const {
    HotBlock block(block_bytes_of(number));
    if (!checked[number] && !trusts && !block.is_undamaged()) return damaged(fmt::format("block {}", number));
    if (!block.is_sound()) return damaged(fmt::format("block {}", number));
    checked[number] = true;
    return block;
  }

  Result<std::string_view> rows_of(std::uint64_t block) const {
    const auto begin = entry(block).cold_at;
    const auto end = block + 1 < header.blocks ? entry(block + 1).cold_at : cold_header.sources_at;
    if (begin > end || end > cold.size() || end - begin < 8)
      return damaged(fmt::format("rows of block {}", block));
    std::uint64_t sum;
    std::memcpy(&sum, cold.data() + begin, 8);
    const auto rows = cold.substr(begin + 8, end - begin - 8);
    if (!trusts && checksum(rows) != sum) return damaged(fmt::format("rows of block {}", block));
    return rows;
  }

  /// The last block that begins before `hash`, or the first of all: what holds it begins there. Blocks before
  /// `from` begin before it.
  std::uint64_t block_of(std::uint64_t hash, std::uint64_t from) const {
    std::uint64_t low = from, step = 1;
    while (low + step < header.blocks && entry(low + step).first_hash < hash) {
      low += step;
      step *= 2;
    }
    auto high = std::min(low + step, header.blocks);
    while (high - low > 1) {
      const auto middle = low + (high - low) / 2;
      (entry(middle).first_hash < hash ? low : high) = middle;
    }
    return low;
  }

  void announce_blocks(std::span<const Probe> sorted) const {
    std::uint64_t last = UINT64_MAX, from = 0;
    for (const auto& probe : sorted) {
      from = block_of(probe.hash, from);
      if (from != last) announce(block_bytes_of(from));
      last = from;
    }
  }
};

Segment::Segment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Segment::~Segment() = default;
Segment::Segment(Segment&&) noexcept = default;
Segment& Segment::operator=(Segment&&) noexcept = default;

Result<Segment> Segment::open(const std::string& path, std::uint64_t key_check) {
  auto state = std::make_unique<State>();
  const auto opened = [&]() -> Done {
    TRY(state->hot_file.open(path + ".hot"));
    TRY(state->cold_file.open(path + ".cold"));
    state->hot = state->hot_file.bytes();
    state->cold = state->cold_file.bytes();
    state->is_mapped = true;
    TRY(state->read_header());
    if (state->header.key_check != key_check)
      return fail(ErrorCode::invalid, "it was made under another key than the folder's");
    return state->read_cold_header();
  }();
  if (!opened) return fail(Error(opened.error()).within(path));
  ::madvise(const_cast<char*>(state->hot.data()), state->hot.size(), MADV_RANDOM);
  return Segment(std::move(state));
}

Result<Segment> Segment::over(std::string_view hot, std::string_view cold, bool trust_checksums) {
  auto state = std::make_unique<State>();
  state->hot = hot;
  state->cold = cold;
  state->trusts = trust_checksums;
  TRY(state->read_header());
  TRY(state->read_cold_header());
  return Segment(std::move(state));
}

const HotHeader& Segment::header() const {
  return state_->header;
}
const std::vector<SegmentId>& Segment::replaces() const {
  return state_->replaces;
}
std::uint64_t Segment::hot_bytes() const {
  return state_->hot.size();
}
std::uint64_t Segment::cold_bytes() const {
  return state_->cold.size();
}

Done Segment::find(std::span<const Probe> sorted, std::uint32_t from, std::vector<Found>& into) const {
  const auto& state = *state_;
  const auto blocks = state.header.blocks;
  if (blocks == 0 || state.header.last_slice < from) return {};
  if (state.is_mapped) state.announce_blocks(sorted);
  const auto first_day = state.header.period * period_days;
  std::uint64_t at = 0;
  for (const auto& probe : sorted) {
    at = state.block_of(probe.hash, at);
    for (auto number = at; number < blocks; ++number) {
      if (number > at && state.entry(number).first_hash > probe.hash) break;
      const auto block = TRY(state.block(number));
      const auto [first, count] = block.find(probe.hash);
      for (auto i = first; i < first + count; ++i)
        if (first_day + block.day(i) >= from)
          into.push_back({probe.question, first_day + block.day(i), number, static_cast<std::uint32_t>(i)});
    }
  }
  return {};
}

namespace {

/// The next row; false behind the last of its entry. `from` is not good when the rows are damaged.
bool take_row(Cursor& from, Entry& entry) {
  const auto source = from.varint();
  if (!from.good() || source == 0) return false;
  entry.source = static_cast<std::uint32_t>(source - 1);
  entry.first_s = static_cast<std::uint32_t>(from.varint());
  entry.last_s = entry.first_s + static_cast<std::uint32_t>(from.varint());
  entry.count = from.varint();
  entry.line = from.varint();
  return from.good();
}

}  // namespace

Done Segment::rows(std::span<const Found> found,
                   const std::function<void(const Found&, const Entry&)>& row) const {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& one = found[i];
    Cursor cursor(TRY(state_->rows_of(one.block)));
    Entry entry{.slice = one.slice};
    for (std::uint32_t passed = 0; passed < one.entry && cursor.good();)
      if (!take_row(cursor, entry)) ++passed;
    while (take_row(cursor, entry)) row(one, entry);
    if (!cursor.good()) return damaged(fmt::format("rows of block {}", one.block));
  }
  return {};
}

Result<std::vector<Source>> Segment::sources() const {
  const auto bytes = state_->cold.substr(state_->cold_header.sources_at);
  if (!state_->trusts && checksum(bytes) != state_->cold_header.sources_checksum)
    return damaged("its table of logs");
  Cursor cursor(bytes);
  const auto count = cursor.varint();
  if (count > bytes.size()) return damaged("its table of logs");
  std::vector<Source> sources;
  for (std::uint64_t i = 0; i < count; ++i)
    if (!take_source(cursor, sources.emplace_back())) return damaged("its table of logs");
  return sources;
}

Result<std::vector<Entry>> Segment::block(std::uint64_t number) const {
  const auto hot = TRY(state_->block(number));
  Cursor cursor(TRY(state_->rows_of(number)));
  std::vector<Entry> entries;
  for (const auto& one : hot.all()) {
    Entry entry{.hash = one.hash, .slice = state_->header.period * period_days + one.day};
    while (take_row(cursor, entry)) entries.push_back(entry);
  }
  if (!cursor.good()) return damaged(fmt::format("rows of block {}", number));
  return entries;
}

}  // namespace shieldwall::detect::past
