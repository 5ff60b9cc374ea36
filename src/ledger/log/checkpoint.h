#pragma once
// Checkpoints (C2SP tlog-checkpoint) and offline proofs (C2SP tlog-proof): what one member shows another.

#include <optional>
#include <string>
#include <string_view>

#include "ledger/log/merkle.h"
#include "ledger/log/note.h"

namespace shieldwall::ledger {

/// What a log says of itself: under this name, with so many leaves, this is my root.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;
  bool operator==(const Checkpoint&) const = default;

  /// The text of the note: three lines.
  std::string text() const;
  /// errors: invalid, naming the line. Extension lines are passed over (section "checkpoint").
  static Result<Checkpoint> parse(std::string_view text);
};

/// Reads a note, demands the log's own signature, and that the origin is the key's name.
///   errors  invalid, naming what is missing
Result<Checkpoint> open_checkpoint(const Note& note, const NoteKey& log);

/// A receipt that stands alone: this entry is in that log.
struct ProofFile {
  std::uint64_t index = 0;
  Proof proof;
  Note checkpoint;
  std::optional<Bytes> extra;  // not authenticated

  std::string text() const;
  /// errors: invalid, naming the line
  static Result<ProofFile> parse(std::string_view text);
};

/// Checks a receipt for `entry`, without the log.
///   errors  invalid, saying which step failed
Result<Checkpoint> check_proof(const ProofFile& file, std::string_view entry, const NoteKey& log);

/// A line of base64 as a hash. errors: invalid
Result<Digest> read_hash(std::string_view line);
/// Decimal without sign or leading zeros. errors: invalid, naming `what`
Result<std::uint64_t> read_number(std::string_view text, std::string_view what);

}  // namespace shieldwall::ledger
