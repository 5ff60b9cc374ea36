#pragma once
// Statements are signed in batches: one signature covers the root of a tree of 1,024 leaves, and each
// statement travels with its path. Bytes in docs/formats/statement.md.
//
// Every path is ten hashes long, positions are random and unused leaves are random bytes, so that a path
// tells nothing of how many were signed or of any other.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "policy/roster.h"

namespace shieldwall::policy {

inline constexpr std::size_t batch_levels = 10;
inline constexpr std::size_t batch_leaves = 1u << batch_levels;

/// Where a leaf stands, and the hashes beside the way to the root, lowest first.
struct BatchPath {
  std::uint16_t position = 0;  // 0..1023
  std::array<Digest, batch_levels> beside{};
  auto operator<=>(const BatchPath&) const = default;
};

struct Batch {
  Digest root{};
  std::vector<BatchPath> paths{};  // of each leaf given
};

/// `leaves`: statement_digest of each. errors: invalid: none, or more than batch_leaves
Result<Batch> make_batch(std::span<const Digest> leaves, Random& random);
Digest root_of(const BatchPath& path, const Digest& leaf);

/// What a key signs for a batch: `shieldwall/batch/v1` and the root.
Bytes batch_text(const Digest& root);

/// A statement as it travels. Who takes it verifies `signature` over batch_text(root_of(path, leaf)) by the
/// key that the statement names.
struct SignedStatement {
  Bytes statement{};  // as it was signed; the form of statement.h
  BatchPath path{};
  Algorithm algorithm = Algorithm::ed25519;
  Bytes signature{};  // 64 bytes for Ed25519
  auto operator<=>(const SignedStatement&) const = default;

  Digest root() const;
};

Bytes encode(const SignedStatement& signed_statement);
/// Verifies nothing. Only canonical bytes are taken, the statement inside included. errors: invalid,
/// exhausted
Result<SignedStatement> decode_signed_statement(std::string_view bytes);

}  // namespace shieldwall::policy
