#pragma once
// A witness (C2SP tlog-witness): cosigns each larger checkpoint of a log after it has proved that it
// continues the last, and remembers it before it answers. What contradicts is kept as evidence for others.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fs.h"
#include "ledger/log/evidence.h"

namespace shieldwall::ledger {

/// The body of an add-checkpoint request.
struct AddCheckpoint {
  std::uint64_t old_size = 0;
  Proof proof;
  Note note;

  std::string text() const;
  /// errors: invalid, naming the line
  static Result<AddCheckpoint> parse(std::string_view body);
};

inline constexpr std::size_t add_checkpoint_bytes_max = 64u << 10;  // 63 hashes, and 60 KB of signatures
inline constexpr std::size_t witness_proof_max = 63;                // the protocol's limit

class Witness {
 public:
  /// A defect for the test of the test.
  enum class Defect : std::uint8_t { none, answers_before_keeping };

  struct Options {
    std::string folder{};
    NoteSigners signers{};  // with cosignature keys; not empty
    /// The keys of the log of that origin; empty: we do not witness it.
    std::function<std::vector<NoteKey>(const std::string& origin)> logs{};
    Defect defect = Defect::none;
  };
  struct Answer {
    int status = 200;  // as the protocol says: 200, 400, 403, 404, 409, 422; 503: it cannot be kept now
    std::string body{};
    std::string_view type = "text/plain; charset=utf-8";
  };

  Witness(Options options, Fs& fs) : options_(std::move(options)), fs_(fs) {}

  /// Judges a checkpoint. One at a time; what it cosigns is durable before it returns.
  Answer add_checkpoint(std::string_view body, Timestamp now);
  /// The last checkpoint cosigned of that origin, with our cosignature. errors: as Fs; corrupt
  Result<std::optional<Note>> last(const std::string& origin);
  /// The same, by the SHA-256 of the origin in hexadecimal, as monitors ask.
  Result<std::optional<Note>> last_by_hash(const std::string& hash);
  /// What is kept against logs: whole evidence files. errors: as Fs
  Result<std::vector<std::string>> evidence();

  /// From now on these cosign, of the same name.
  void use(NoteSigners signers);

 private:
  Result<Answer> judge(const AddCheckpoint& request, const Checkpoint& checkpoint, Timestamp now);
  Result<Answer> cosigned(const AddCheckpoint& request, const std::optional<Note>& before, Timestamp now);
  Result<std::optional<Note>> read(const std::string& name);
  Done keep_evidence(const Evidence& evidence);

  Options options_;
  Fs& fs_;
  std::mutex mutex_;
  std::map<std::string, std::string> broken_;  // by origin: why nothing more is cosigned until a restart
};

/// For a log: asks witnesses for cosignatures.
struct WitnessPeer {
  NoteKey key;                       // its cosignature key,
  std::vector<NoteKey> others = {};  // and those that count for it during an overlap
  /// Sends the body of an add-checkpoint request. Gives status and body.
  std::function<Result<std::pair<int, std::string>>(const std::string& body)> send;
  /// Fetches the checkpoint of our log that it cosigned last. Without it the witness can prove no larger log.
  std::function<Result<std::string>()> cosigned_last = nullptr;
  std::vector<NoteKey> log_keys = {};  // under which our log signs and signed
  std::uint64_t last = 0;              // what it cosigned of us last, as far as we know
};

class NodeLog;
enum class Cosigned : std::uint8_t {
  done,
  nothing_to_sign,
  behind,  // the witness showed a larger log that we signed: this node was put back, and must not sign
};
/// errors: unavailable: it cannot be reached; denied, invalid: what it answered, such as a size of our log
/// for which it shows no checkpoint of ours
Result<Cosigned> ask_witness(NodeLog& log, WitnessPeer& peer);

}  // namespace shieldwall::ledger
