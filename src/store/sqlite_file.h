#pragma once
// One open file of SQLite's, as sqlite_vfs.cpp opens it and sqlite_file.cpp serves it. Only these two include
// this.

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include <sqlite3.h>

#include "base/guarded.h"
#include "store/sqlite_shared.h"
#include "store/sqlite_vfs.h"

namespace shieldwall::store {

struct SqliteVfs::State {
  State(VfsOptions given, std::string own_name) : options(std::move(given)), name(std::move(own_name)) {}

  VfsOptions options;
  std::string name;
  sqlite3_vfs vfs{};
  std::atomic<bool> stopped = false;
  Guarded<std::map<std::string, std::shared_ptr<SharedFile>>> shared;
};

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

/// Locks, pages with their checksums, and the index of the write-ahead log.
extern const sqlite3_io_methods file_methods;

/// Keeps what Fs said for the one who asked SQLite; gives SQLite `code`, or that the disk is full.
int refused(Error error, int code);
/// A failed sync: what the disk holds is unknown, and a second one could lie.
int stop(SqliteVfs::State& state, Error error);
/// For every call after that.
int refuse_stopped();

std::string folder_of(const std::string& path);

}  // namespace shieldwall::store
