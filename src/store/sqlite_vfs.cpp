#include "store/sqlite_vfs.h"

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include <sqlite3.h>

#include "base/guarded.h"
#include "base/log.h"
#include "store/sqlite_shared.h"

namespace shieldwall::store {

struct SqliteVfs::State {
  State(VfsOptions given, std::string own_name) : options(std::move(given)), name(std::move(own_name)) {}

  VfsOptions options;
  std::string name;
  sqlite3_vfs vfs{};
  std::atomic<bool> stopped = false;
  Guarded<std::map<std::string, std::shared_ptr<SharedFile>>> shared;
};

namespace {

thread_local std::optional<Error> last_error;

int refused(Error error, int code) {
  if (error.code == ErrorCode::exhausted) code = SQLITE_FULL;
  last_error = std::move(error);
  return code;
}

/// What SQLite allocates for each open file; made and destroyed in place.
struct OpenFile {
  sqlite3_file base;  // first: SQLite looks only at this
  SqliteVfs::State* state;
  std::unique_ptr<File> file;
  std::string path;
  std::shared_ptr<SharedFile> shared;
  bool has_pages;    // the database itself: its pages carry checksums
  bool name_is_new;  // its name in the directory has not been synced
  bool remove_on_close;
  int lock_level;
  std::uint8_t index_shared;
  std::uint8_t index_exclusive;
  bool uses_index;
  std::string page;  // copy of a page while it is written
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

SqliteVfs::State& of(sqlite3_vfs* vfs) {
  return *static_cast<SqliteVfs::State*>(vfs->pAppData);
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

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// A failed sync: what the disk holds is unknown, and a second one could lie.
int stop(SqliteVfs::State& state, Error error) {
  state.stopped = true;
  const auto why = error.message;
  if (state.options.stop) {
    state.options.stop(why);
    return refused(std::move(error), SQLITE_IOERR_FSYNC);
  }
  log::error("stopping: a sync failed, so what is on disk is unknown", {{"cause", why}});
  std::abort();
}

int refuse_stopped() {
  return refused({ErrorCode::unavailable, "the store stopped after a failed sync; restart it"}, SQLITE_IOERR);
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
      return refused({ErrorCode::corrupt, fmt::format("page {} of {} is damaged", number, file.path)},
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

// ---- names

Result<std::unique_ptr<File>> open_as_asked(Fs& fs, const std::string& path, int flags, bool present) {
  if ((flags & SQLITE_OPEN_READWRITE) == 0) return fs.open(path, OpenMode::read);
  if (!present && (flags & SQLITE_OPEN_CREATE) == 0) return fail(ErrorCode::not_found, "no file {}", path);
  return fs.open(path, (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? OpenMode::create_new : OpenMode::write);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* flags_out) {
  base->pMethods = nullptr;  // nothing to close unless this succeeds
  auto& state = of(vfs);
  if (name == nullptr || state.stopped) return SQLITE_CANTOPEN;  // no temporary files: they stay in memory
  auto present = state.options.fs.exists(name);
  if (!present) return refused(std::move(present).error(), SQLITE_CANTOPEN);
  auto file = open_as_asked(state.options.fs, name, flags, *present);
  if (!file) return refused(std::move(file).error(), SQLITE_CANTOPEN);

  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  auto* const opened = new (base) OpenFile{};
  opened->state = &state;
  opened->file = std::move(*file);
  opened->path = name;
  opened->has_pages = database;
  opened->name_is_new = !*present;
  opened->remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  if (database)
    opened->shared = state.shared.with([&](auto& files) {
      auto& shared = files[name];
      if (!shared) shared = std::make_shared<SharedFile>();
      return shared;
    });
  if (flags_out != nullptr) *flags_out = flags;
  opened->base.pMethods = &file_methods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& state = of(vfs);
  if (state.stopped) return refuse_stopped();
  auto done = state.options.fs.remove(name);
  if (!done && done.error().code == ErrorCode::not_found) return SQLITE_IOERR_DELETE_NOENT;
  if (!done) return refused(std::move(done).error(), SQLITE_IOERR_DELETE);
  if (sync_folder == 0) return SQLITE_OK;
  auto synced = state.options.fs.sync_directory(folder_of(name));
  return synced ? SQLITE_OK : stop(state, std::move(synced).error());
}

int exists_file(sqlite3_vfs* vfs, const char* name, int, int* answer) {
  auto present = of(vfs).options.fs.exists(name);
  if (!present) return refused(std::move(present).error(), SQLITE_IOERR_ACCESS);
  *answer = *present ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int bytes, char* into) {
  const std::string_view text(name);
  if (text.size() + 1 > static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
  std::memcpy(into, name, text.size() + 1);
  return SQLITE_OK;
}

int draw_random(sqlite3_vfs* vfs, int bytes, char* into) {
  of(vfs).options.random.fill({reinterpret_cast<std::uint8_t*>(into), static_cast<std::size_t>(bytes)});
  return bytes;
}

int sleep_for(sqlite3_vfs*, int us) {
  std::this_thread::sleep_for(std::chrono::microseconds(us));
  return us;
}

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* julian_ms) {
  constexpr sqlite3_int64 epoch_julian_ms = 24405875 * sqlite3_int64{8640000};
  *julian_ms = epoch_julian_ms + of(vfs).options.clock.now().us / 1000;
  return SQLITE_OK;
}

int current_time(sqlite3_vfs* vfs, double* julian_days) {
  sqlite3_int64 ms = 0;
  current_time_ms(vfs, &ms);
  *julian_days = static_cast<double>(ms) / 86400000.0;
  return SQLITE_OK;
}

int last_error_number(sqlite3_vfs*, int, char*) {
  return 0;
}

sqlite3_vfs methods_of(SqliteVfs::State& state) {
  sqlite3_vfs vfs{};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 4096;
  vfs.zName = state.name.c_str();
  vfs.pAppData = &state;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = exists_file;
  vfs.xFullPathname = full_name;
  vfs.xRandomness = draw_random;
  vfs.xSleep = sleep_for;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error_number;
  vfs.xCurrentTimeInt64 = current_time_ms;
  return vfs;
}

std::atomic<std::uint64_t> instances = 0;

}  // namespace

SqliteVfs::SqliteVfs(VfsOptions options)
    : state_(std::make_unique<State>(std::move(options), fmt::format("shieldwall-{}", ++instances))) {
  state_->vfs = methods_of(*state_);
  sqlite3_vfs_register(&state_->vfs, 0);
}

SqliteVfs::~SqliteVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& SqliteVfs::name() const {
  return state_->name;
}

bool SqliteVfs::stopped() const {
  return state_->stopped;
}

std::optional<Error> SqliteVfs::take_error() {
  return std::exchange(last_error, std::nullopt);
}

}  // namespace shieldwall::store
