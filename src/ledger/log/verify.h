#pragma once
// What an auditor does with a log that he was handed: reads all of it, trusts nothing but the key, and names
// the first place where it differs.

#include <string>

#include "base/fs.h"
#include "ledger/log/checkpoint.h"
#include "ledger/log/tiles.h"

namespace shieldwall::ledger {

/// A log by the paths of C2SP tlog-tiles: `checkpoint`, `tile/0/000`, `tile/entries/000.p/17`.
class LogSource {
 public:
  virtual ~LogSource() = default;
  /// errors: not_found: it is not there; unavailable: it cannot be read
  virtual Result<Bytes> get(const std::string& path) = 0;
};

/// A folder with such paths below it.
class FolderSource final : public LogSource {
 public:
  FolderSource(Fs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}
  Result<Bytes> get(const std::string& path) override;

 private:
  Fs& fs_;
  std::string folder_;
};

struct VerifiedLog {
  Note note;
  Checkpoint checkpoint;
  std::uint64_t commitments = 0;  // entries that hide their content
  std::uint64_t clear = 0;        // entries that everybody may read
  std::uint64_t others = 0;       // of a form that this program does not know
};

inline constexpr std::uint64_t tile_file_bytes_max = tile_hashes * (2 + entry_bytes_max);

/// Reads every entry and every tile.
///   errors  corrupt: it differs, naming the place; else those of `source`
Result<VerifiedLog> verify_log(LogSource& source, const NoteKey& key);

/// Writes all that `verify_log` reads into a folder that any web server can hand out.
///   errors  as Fs and `source`
Done export_log(LogSource& source, Fs& fs, const std::string& folder);

}  // namespace shieldwall::ledger
