#pragma once
// A log's tiles on disk: not a file for each tile but one growing file for each level, of which a tile is a
// piece, and one for the entries. So few files are synced however many tiles a batch completes.
//
//   hashes-0, hashes-1, ...   32 bytes a hash; tile N of that level begins at N * 8,192
//   entries                   the entry bundles of C2SP tlog-tiles, one after the other
//   offsets                   where bundle N begins in `entries`: eight bytes, big-endian, at N * 8

#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/fs.h"
#include "base/guarded.h"
#include "ledger/log/tiles.h"

namespace shieldwall::ledger {

class LogFiles final : public TileSource {
 public:
  LogFiles(Fs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  /// Writes tiles in the order in which TileBuilder gives them. They survive a crash after sync() only.
  Done put(std::span<const Tile> tiles);
  /// A failure must end the use of the log: what the disk holds is unknown then.
  Done sync();

  /// Any width up to what was put is given. May be called while another thread puts.
  Result<Bytes> tile(const TileName& name) const override;

 private:
  struct Open {
    std::shared_ptr<File> file;
    bool dirty = false;
  };
  struct State {
    std::map<std::string, Open> files;
    bool made = false;  // a name that the directory may not have yet
  };
  enum class For : std::uint8_t { reading, writing };

  Result<std::shared_ptr<File>> file(const std::string& name, For purpose) const;
  Result<std::uint64_t> offset_of(std::uint64_t bundle) const;
  Result<Bytes> bundle(const TileName& name) const;

  Fs& fs_;
  std::string folder_;
  mutable Guarded<State> state_;
};

}  // namespace shieldwall::ledger
