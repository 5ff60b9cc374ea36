#pragma once
// The seam through which all durable bytes pass: real files, or a memory of them that fails on command.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace shieldwall {

/// One open file. Offsets and sizes in bytes. Errors: exhausted (disk full, quota), unavailable (any other
/// I/O error).
class File {
 public:
  virtual ~File() = default;
  /// Up to `size` bytes from `offset`; fewer only at the end of the file.
  virtual Result<Bytes> read_at(std::uint64_t offset, std::size_t size) = 0;
  /// All of `bytes` or an error; after an error any prefix may have been written.
  virtual Done write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Done truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
  /// After success the file's bytes survive a power cut. A failed sync must end the process: a retry can lie.
  virtual Done sync() = 0;
};

enum class OpenMode { read, write, create_new };  // write: creates if absent; create_new: conflict if present

class Fs {
 public:
  virtual ~Fs() = default;
  /// errors: not_found (read), conflict (create_new), denied (permissions), unavailable
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Opens for writing and holds the file against every other such opener, in this process or another, until
  /// it is closed or its process ends. The default serves files that nobody else can reach.
  ///   errors  conflict: somebody holds it; else as open
  virtual Result<std::unique_ptr<File>> open_exclusively(const std::string& path) {
    return open(path, OpenMode::write);
  }
  virtual Done rename(const std::string& from, const std::string& to) = 0;
  virtual Done remove(const std::string& path) = 0;  // not_found if absent
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  virtual Done make_directory(const std::string& path) = 0;                         // also its parents
  /// Makes created, renamed and removed names in it survive a power cut.
  virtual Done sync_directory(const std::string& path) = 0;
};

Fs& system_fs();

/// The whole file. errors as open and read; exhausted when larger than `bytes_max`.
Result<Bytes> read_file(Fs& fs, const std::string& path, std::uint64_t bytes_max);

/// A new file in place of one that may stand there. Where a power cut left half of a rename, that one is the
/// renamed file under its old name as well: writing into it would write into both.
Result<std::unique_ptr<File>> open_anew(Fs& fs, const std::string& path);

/// Replaces `path` so that after a crash it holds the old bytes or the new ones: temporary file beside it,
/// sync, rename, sync of the directory. Readable by the owner alone.
Done write_file_durably(Fs& fs, const std::string& path, std::string_view bytes);

}  // namespace shieldwall
