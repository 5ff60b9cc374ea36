#pragma once
// Signed notes (C2SP signed-note): text that a person can read, with signatures that a program checks.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/signing.h"
#include "base/time.h"

namespace shieldwall::ledger {

inline constexpr std::size_t note_bytes_max = 1'000'000;  // the limit of Go's reader, which members may use
inline constexpr std::size_t note_signatures_max = 100;   // the same

/// What a key's signatures cover (C2SP signed-note, tlog-cosignature).
enum class NoteKeyType : std::uint8_t {
  ed25519 = 1,      // the note's text
  cosignature = 4,  // a time, and a checkpoint's whole text
};

/// Who may sign, as others write it down: `name+hash+key`.
class NoteKey {
 public:
  /// errors: invalid: an empty name, or one with a space or a plus
  static Result<NoteKey> make(std::string_view name, NoteKeyType type, const VerifyKey& key);
  /// errors: invalid, naming the part that is wrong; unknown algorithms among them
  static Result<NoteKey> parse(std::string_view text);
  std::string text() const;

  const std::string& name() const { return name_; }
  NoteKeyType type() const { return type_; }
  const VerifyKey& key() const { return key_; }
  /// The first four bytes of SHA-256(name, newline, type, key).
  std::uint32_t id() const { return id_; }
  bool operator==(const NoteKey&) const = default;

 private:
  NoteKey() = default;

  std::string name_;
  NoteKeyType type_{};
  VerifyKey key_;
  std::uint32_t id_ = 0;
};

/// Who signs, with both halves of the key.
struct NoteSigner {
  NoteKey name;
  SigningKey key;
};
/// Never empty. The present one first, then those that it replaced and that others may still know alone.
using NoteSigners = std::vector<NoteSigner>;
/// errors: as NoteKey::make
Result<NoteSigners> signers_of(std::string_view name,
                               NoteKeyType type,
                               const SigningKey& present,
                               std::span<const SigningKey> replaced = {});

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;  // its form depends on the key's type
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
};

/// errors: invalid, naming the rule: no final newline, control characters, no signature, too many, too long
Result<Note> read_note(std::string_view bytes);
std::string write_note(const Note& note);
/// One line, `— name base64`, with its newline.
std::string write_signature(const NoteSignature& signature);
/// The lines alone, as a witness answers them. errors: invalid
Result<std::vector<NoteSignature>> read_signatures(std::string_view lines);

/// What the note carries in the name of that key, whether or not it verifies; null: nothing.
const NoteSignature* signature_of(const Note& note, const NoteKey& key);
/// Signs the text of a note in the name of a key of type ed25519.
NoteSignature sign_note(std::string_view text, const NoteKey& as, const SigningKey& key);
/// Whether the note carries a signature by `key`, an ed25519 one.
///   errors  invalid: it carries one that does not verify
Result<bool> signed_by(const Note& note, const NoteKey& key);

/// A witness's signature (C2SP tlog-cosignature v1): at `time`, this was the largest consistent tree it had
/// seen.
NoteSignature cosign(std::string_view checkpoint, const NoteKey& as, const SigningKey& key, Timestamp time);
/// When `key`, a cosignature one, signed the note; nothing if it did not.
///   errors  invalid: it carries a cosignature that does not verify
Result<std::optional<Timestamp>> cosigned_by(const Note& note, const NoteKey& key);

}  // namespace shieldwall::ledger
