#pragma once
// What stands in an entry of a node's log (docs/formats/log.md): a commitment that hides its content, or what
// everybody may know.

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "ledger/log/journal.h"

namespace shieldwall::ledger {

inline constexpr std::size_t salt_bytes = 32;

/// What opens a commitment: with these two the entry can be made again.
struct Commitment {
  Bytes salt;
  Bytes content;  // begins with its kind as a text

  /// The 33 bytes in the log.
  Bytes entry() const;
};

/// A commitment under a salt of its own.
Commitment commit(Bytes content, Random& random);

/// An entry that everybody may read. errors: invalid: longer than an entry may be
Result<Bytes> clear_entry(std::string_view kind, std::string_view content);

struct ClearEntry {
  std::string kind;
  Bytes content;
};
/// What an entry says in clear; nothing when it is a commitment.
///   errors  invalid: neither
Result<std::optional<ClearEntry>> read_entry(std::string_view entry);

}  // namespace shieldwall::ledger
