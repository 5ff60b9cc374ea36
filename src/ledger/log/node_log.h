#pragma once
// The log of a node: what it appended can be proved later, and never taken back (docs/formats/log.md).
//
// The order that a crash cannot break: entries are durable in the journal before `append` returns; a
// checkpoint is signed over durable entries alone, and is durable itself before anybody is given it; tiles
// are derived, and made again from the journal. What stands here is read again with its hashes at every
// start.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/log/checkpoint.h"
#include "ledger/log/entry.h"
#include "ledger/log/journal.h"
#include "ledger/log/log_files.h"
#include "ledger/log/verify.h"

namespace shieldwall::ledger {

/// What was appended with an entry and stays here, and where the entry stands.
struct Opening {
  std::uint64_t index = 0;
  Bytes bytes;
};

class NodeLog {
 public:
  /// Defects for the test of the test.
  enum class Defect : std::uint8_t { none, acknowledges_early };

  struct Options {
    std::string folder{};
    NoteSigners signers{};  // their name is the log's origin
    /// Puts openings where they are kept, durably; may be given the same ones again after a crash. Called
    /// without any lock held, by one thread at a time.
    std::function<Done(std::span<const Opening>)> keep{};
    /// Called when a sync failed, and expected not to return. Empty: logs and aborts. Where a test's own does
    /// return, the log does nothing further.
    std::function<void(std::string_view why)> stop{};
    std::uint64_t journal_bytes_max = 8u << 20;  // then the tiles are synced, and a new journal begins
    Defect defect = Defect::none;
  };

  /// Opens the log in the folder, or begins one.
  ///   errors  corrupt: its bytes do not lead to what it signed last; as Fs
  static Result<std::unique_ptr<NodeLog>> open(Options options, Fs& fs);

  /// Appends in order; durable on return. Many threads' entries share one sync. Gives the index of the first.
  ///   errors  invalid: an entry beyond `entry_bytes_max`; exhausted: the disk is full, or `keep` has refused
  ///           too many; unavailable: a sync failed before, or the log is held
  Result<std::uint64_t> append(std::span<const NewEntry> entries);

  /// Gives `keep` what it has not had. errors: its own
  Done drain();
  /// Signs a checkpoint over all that is durable, and makes room in the journal. Called by the node's
  /// scheduler.
  Done publish();

  std::uint64_t size() const;
  Digest root() const;
  /// What was signed last; nothing before the first.
  std::optional<Note> checkpoint() const;
  std::optional<Checkpoint> published() const;
  /// Puts a witness's signatures beside the checkpoint, if it is still the last, and as many as a note holds.
  /// Durable on return.
  Done add_cosignatures(const std::string& text, std::span<const NoteSignature> signatures);

  /// A copy in a new folder, as the log is at one instant, while appends wait; then what was witnessed of
  /// other logs until then. It is marked as a copy: a log opened from one may lack what was signed since.
  Done copy_to(const std::string& folder);
  /// Whether this log was opened from a copy, and may lack what was signed since. Then it appends and signs
  /// nothing, or it would say two things of the same place: first `catch_up`, as often as there is somebody
  /// to ask, then `resume`.
  bool is_held() const;
  /// From now on it is held: a witness knows more of this log than it does itself. Survives a restart.
  Done hold();
  /// Takes the entries that it lacks from another copy of this very log, held to the checkpoint there. Gives
  /// what the entries taken say in clear.
  ///   errors  invalid: that is not this log, or leads elsewhere; as `source`
  Result<std::vector<ClearEntry>> catch_up(LogSource& source);
  /// Goes on, with an entry in clear, `restored`, that says from where: it stands for whatever was signed
  /// beyond.
  Done resume(Timestamp now);

  /// Tiles of what is published. errors: not_found: beyond it
  Result<Bytes> tile(const TileName& name) const;
  /// errors: not_found: not published yet
  Result<Bytes> entry(std::uint64_t index) const;
  Result<ProofFile> prove(std::uint64_t index) const;
  Result<Proof> consistency(std::uint64_t from, std::uint64_t to) const;

  const std::string& origin() const { return origin_; }
  NoteKey key() const { return signers_.load()->front().name; }
  /// From now on it is signed by these, of the same name: the present checkpoint with the next `publish`.
  void use(NoteSigners signers);
  /// Signs in the log's name what is no checkpoint: an answer about it.
  NoteSignature sign(std::string_view text) const;

 private:
  struct Waiting {
    std::span<const NewEntry> entries;
    std::uint64_t first = 0;
    std::optional<Done> outcome{};
  };

  NodeLog(Options options, Fs& fs)
      : options_(std::move(options)),
        origin_(options_.signers.front().name.name()),
        signers_(std::make_shared<const NoteSigners>(std::move(options_.signers))),
        fs_(fs),
        files_(fs, options_.folder) {}

  Done recover();
  Done read_checkpoint();
  Done write_frame(std::span<Waiting* const> batch);
  void take(Waiting& waiting);
  void lead(std::unique_lock<std::mutex>& lock);
  Done put_tiles();
  Result<Checkpoint> open_own(const Note& note) const;
  Done sign_checkpoint();
  Done rotate();
  Done while_appends_wait(const std::function<Done()>& work);
  Done replace_checkpoint(const Note& note);
  Done broken(const Error& error);
  Result<std::uint64_t> add(std::span<const NewEntry> entries);

  Options options_;  // its signers are in signers_
  const std::string origin_;
  std::atomic<std::shared_ptr<const NoteSigners>> signers_;
  Fs& fs_;
  LogFiles files_;

  // Under mutex_, but the journal, which belongs to whoever leads.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiting*> queue_;
  bool leads_ = false;
  bool broken_ = false;
  std::atomic<bool> held_{false};  // asked with every request, also while the log syncs
  std::uint64_t journal_bytes_ = 0;
  TileBuilder builder_;
  std::vector<Opening> openings_;
  std::size_t opening_bytes_ = 0;
  std::optional<Note> note_;
  std::optional<Checkpoint> published_;
  std::optional<Journal> journal_;

  std::mutex publishing_;                            // one publisher at a time; taken before mutex_
  std::shared_ptr<const NoteSigners> note_signers_;  // who signed note_, once known; under publishing_
  std::vector<Tile> unwritten_;
};

}  // namespace shieldwall::ledger
