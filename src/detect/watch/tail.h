#pragma once
// One log that grows: whole lines from a position on, whatever the file is called by now.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "detect/readers/reader.h"
#include "detect/watch/state.h"
#include "detect/watch/watched_log.h"

namespace shieldwall::detect {

/// Which file a path or descriptor means, and how it stands.
struct FileStatus {
  std::uint64_t device = 0, inode = 0;
  std::uint64_t bytes = 0;
  Timestamp written = {};
  bool is_linked = true;  // it still has a name
  bool operator==(const FileStatus&) const = default;
};

class Tail final : public WatchedLog {
 public:
  using Look = std::function<void(Record& record)>;

  /// `file` is the file at position.path, or another way to it that does not move (OpenFile::path).
  ///   errors  not_found, denied, unavailable: the file does not open
  static Result<Tail> open(FilePosition position, const std::string& file);
  ~Tail() override;
  Tail(Tail&& other) noexcept;
  Tail& operator=(Tail&&) = delete;

  const FilePosition& position() const { return position_; }
  FilePosition& position() { return position_; }
  Result<FileStatus> status() const;

  const std::string& id() const override { return position_.id; }
  const std::string& path() const override { return position_.path; }
  const std::string& source() const override { return position_.source; }
  std::uint64_t place_of(const Record& record) const override {
    return has_events_ ? event_number_ : record.line;
  }
  std::uint64_t lines() const override { return position_.line; }
  std::uint64_t bytes() const override { return position_.offset; }
  std::string head() const override;

  /// Is it still the log that the position is of? False once it was emptied, or written anew.
  Result<bool> is_same() const;

  /// Looks through up to turn_bytes of what came behind the position, and moves it there. True while more
  /// waits. `to_the_end`: what stands behind the last line end is a line too.
  ///   errors  unavailable: reading failed; conflict: it was written anew meanwhile, and nothing of this turn
  ///           counts
  static constexpr std::size_t turn_bytes = 4u << 20;
  Result<bool> read_on(const Look& look, bool to_the_end);

  /// The same for a packed file, in one turn to its end.
  Done read_packed(const Look& look);
  bool is_packed() const { return packed_; }

  /// The same for a file that does not go by lines: it is read anew from its beginning when it has changed,
  /// and what was looked through before is passed over. Positions count its events.
  static constexpr std::uint64_t turn_events = 50'000;
  Result<bool> read_events(const Look& look);
  bool has_events() const { return has_events_; }

  std::uint64_t& broken_lines() { return records_.counts.broken_lines; }
  const std::vector<Problem>& problems() const { return records_.problems; }

 private:
  Tail(FilePosition position, int descriptor);
  Result<bool> begins_with_events() const;
  Done settle_format();
  void prime(const Detected& detected);
  Result<std::size_t> whole_lines(std::string_view text, bool to_the_end, const Look& look);
  void take(std::string_view text, bool is_cut, const Look& look);
  void keep_header(std::string_view line);
  Result<std::string_view> read_at(std::uint64_t offset, std::size_t size) const;
  Done renew_head(const FilePosition& before, std::string_view read);

  FilePosition position_;
  int descriptor_;
  bool packed_ = false;
  bool has_events_ = false;
  struct Reading;
  std::uint64_t event_number_ = 0;    // as the log itself numbers the event at hand
  std::unique_ptr<Reading> reading_;  // of a file of events, between two turns
  bool settled_ = false;
  std::uint64_t searched_ = 0;  // no line ends between the position and here
  std::uint64_t data_lines_ = 0;
  bool in_header_ = true;
  LineRecords records_;
  Record record_;
  mutable std::string buffer_;
};

/// A file held open, and a path to it that stays good when it is renamed or removed: logs are rotated while
/// they are looked at.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::string path() const;

 private:
  int descriptor_;
};

/// The first bytes of a file, unpacked, at most head_bytes_max; what can be read of them.
struct Head {
  std::string bytes;
  bool packed = false;      // or of events: what is read of it grows otherwise than the file
  bool ends_early = false;  // damaged or not all there; or too short to tell
};
Head head_of(const std::string& path);
/// errors  not_found, denied, unavailable
Result<FileStatus> status_of(const std::string& path);
bool is_packed_file(const std::string& path);

}  // namespace shieldwall::detect
