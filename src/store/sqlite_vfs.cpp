#include "store/sqlite_vfs.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/log.h"
#include "store/sqlite_file.h"

namespace shieldwall::store {

namespace {
thread_local std::optional<Error> last_error;
}  // namespace

int refused(Error error, int code) {
  if (error.code == ErrorCode::exhausted) code = SQLITE_FULL;
  last_error = std::move(error);
  return code;
}

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

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

namespace {

SqliteVfs::State& of(sqlite3_vfs* vfs) {
  return *static_cast<SqliteVfs::State*>(vfs->pAppData);
}

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
