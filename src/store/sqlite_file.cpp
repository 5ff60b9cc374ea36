#include "store/sqlite_file.h"

#include <bit>
#include <cstring>

namespace shieldwall::store {

namespace {

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

/// Finds damage, not malice: four lanes of multiply and fold, some bytes in each cycle.
std::uint64_t page_checksum(const char* bytes, std::uint64_t number) {
  constexpr std::uint64_t odd[4] = {
      0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93};
  std::uint64_t lanes[4] = {number * odd[0], number ^ odd[1], ~number, number + odd[3]};
  constexpr std::size_t words = (page_bytes - page_checksum_bytes) / 8;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i * 8, 8);
    auto& lane = lanes[i % 4];
    lane = std::rotl((lane ^ word) * odd[i % 4], 29);
  }
  std::uint64_t sum = 0;
  for (const auto lane : lanes) sum = std::rotl((sum ^ lane) * odd[0], 31);
  return sum;
}

bool is_page(const OpenFile& file, int bytes, sqlite3_int64 offset) {
  return file.has_pages && bytes == page_bytes && offset % page_bytes == 0;
}

// ---- one file

int close_file(sqlite3_file* base) {
  auto& file = of(base);
  if (file.shared) {
    const std::lock_guard lock(file.shared->mutex);
    file.shared->locks.lower(file.lock_level, 0);
  }
  if (file.remove_on_close) static_cast<void>(file.state->options.fs.remove(file.path));
  file.~OpenFile();
  return SQLITE_OK;
}

int read_file_at(sqlite3_file* base, void* into, int bytes, sqlite3_int64 offset) {
  auto& file = of(base);
  const auto size = static_cast<std::size_t>(bytes);
  auto read = file.file->read_at(static_cast<std::uint64_t>(offset), size);
  if (!read) return refused(std::move(read).error(), SQLITE_IOERR_READ);
  std::memcpy(into, read->data(), std::min(read->size(), size));
  if (read->size() < size) {
    std::memset(static_cast<char*>(into) + read->size(), 0, size - read->size());
    return SQLITE_IOERR_SHORT_READ;
  }
  if (is_page(file, bytes, offset)) {
    const auto number = static_cast<std::uint64_t>(offset / page_bytes) + 1;
    std::uint64_t stored = 0;
    std::memcpy(&stored, read->data() + page_bytes - page_checksum_bytes, page_checksum_bytes);
    if (stored != page_checksum(read->data(), number))
      return refused({ErrorCode::corrupt,
                      fmt::format("page {} of {} is damaged; restore its last backup", number, file.path)},
                     SQLITE_IOERR_DATA);
  }
  return SQLITE_OK;
}

int write_file_at(sqlite3_file* base, const void* from, int bytes, sqlite3_int64 offset) {
  auto& file = of(base);
  if (file.state->stopped) return refuse_stopped();
  std::string_view written(static_cast<const char*>(from), static_cast<std::size_t>(bytes));
  if (is_page(file, bytes, offset)) {
    file.page.assign(written);
    const auto sum = page_checksum(file.page.data(), static_cast<std::uint64_t>(offset / page_bytes) + 1);
    std::memcpy(file.page.data() + page_bytes - page_checksum_bytes, &sum, page_checksum_bytes);
    written = file.page;
  }
  auto done = file.file->write_at(static_cast<std::uint64_t>(offset), written);
  return done ? SQLITE_OK : refused(std::move(done).error(), SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  auto& file = of(base);
  if (file.state->stopped) return refuse_stopped();
  auto done = file.file->truncate(static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : refused(std::move(done).error(), SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* base, int) {
  auto& file = of(base);
  if (file.state->stopped) return refuse_stopped();
  if (file.state->options.skip_sync) return SQLITE_OK;
  auto done = file.file->sync();
  if (done && file.name_is_new) done = file.state->options.fs.sync_directory(folder_of(file.path));
  if (!done) return stop(*file.state, std::move(done).error());
  file.name_is_new = false;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* base, sqlite3_int64* size) {
  auto answer = of(base).file->size();
  if (!answer) return refused(std::move(answer).error(), SQLITE_IOERR_FSTAT);
  *size = static_cast<sqlite3_int64>(*answer);
  return SQLITE_OK;
}

int lock_file(sqlite3_file* base, int level) {
  auto& file = of(base);
  if (!file.shared) return SQLITE_OK;
  const std::lock_guard lock(file.shared->mutex);
  return file.shared->locks.raise(file.lock_level, level) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock_file(sqlite3_file* base, int level) {
  auto& file = of(base);
  if (!file.shared) return SQLITE_OK;
  const std::lock_guard lock(file.shared->mutex);
  file.shared->locks.lower(file.lock_level, level);
  return SQLITE_OK;
}

int is_reserved(sqlite3_file* base, int* answer) {
  auto& file = of(base);
  *answer = 0;
  if (!file.shared) return SQLITE_OK;
  const std::lock_guard lock(file.shared->mutex);
  *answer = file.shared->locks.reserved() ? 1 : 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return 4096;
}

int device_promises(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;  // a write touches no byte outside its range, as SQLite's own unix
                                            // VFS says
}

// ---- the write-ahead log's index

int map_index(sqlite3_file* base, int region, int bytes, int extend, volatile void** memory) {
  auto& file = of(base);
  const std::lock_guard lock(file.shared->mutex);
  if (!file.uses_index) {
    file.uses_index = true;
    ++file.shared->index_users;
  }
  *memory = file.shared->index.region(
      static_cast<std::size_t>(region), static_cast<std::size_t>(bytes), extend != 0);
  return SQLITE_OK;
}

int lock_index(sqlite3_file* base, int first, int count, int flags) {
  auto& file = of(base);
  const std::lock_guard lock(file.shared->mutex);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    file.shared->index.unlock(file.index_shared, file.index_exclusive, first, count);
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  return file.shared->index.lock(file.index_shared, file.index_exclusive, first, count, exclusive)
             ? SQLITE_OK
             : SQLITE_BUSY;
}

void fence_index(sqlite3_file*) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

int unmap_index(sqlite3_file* base, int forget) {
  auto& file = of(base);
  const std::lock_guard lock(file.shared->mutex);
  if (!file.uses_index) return SQLITE_OK;
  file.uses_index = false;
  file.shared->index.unlock(file.index_shared, file.index_exclusive, 0, SharedIndex::slots);
  if (--file.shared->index_users == 0 || forget != 0) file.shared->index.forget_regions();
  return SQLITE_OK;
}

}  // namespace

const sqlite3_io_methods file_methods = {
    .iVersion = 2,  // without the memory mapping of version 3
    .xClose = close_file,
    .xRead = read_file_at,
    .xWrite = write_file_at,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_promises,
    .xShmMap = map_index,
    .xShmLock = lock_index,
    .xShmBarrier = fence_index,
    .xShmUnmap = unmap_index,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

}  // namespace shieldwall::store
