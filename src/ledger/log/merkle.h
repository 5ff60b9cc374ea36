#pragma once
// The Merkle tree of RFC 6962 section 2.1: hashes, proofs, and the checks a stranger makes.
//
// A tree of n leaves splits at the largest power of two below n. A subtree is complete when it has 2^level
// leaves and begins at a multiple of that; complete subtrees never change, so they are all that is stored.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace shieldwall::ledger {

/// SHA-256(0x00 || entry).
Digest leaf_hash(std::string_view entry);
/// SHA-256(0x01 || left || right).
Digest node_hash(const Digest& left, const Digest& right);
/// SHA-256 of nothing.
Digest empty_root();

/// Where the hashes of complete subtrees come from: stored tiles, or memory.
class SubtreeHashes {
 public:
  virtual ~SubtreeHashes() = default;
  /// The hash of the 2^level leaves that begin at index * 2^level.
  ///   errors  not_found: not stored; corrupt: stored bytes do not verify
  virtual Result<Digest> subtree(int level, std::uint64_t index) const = 0;
};

/// A proof: sibling hashes, from the leaf's side up. At most 2 * 64 of them for any tree there can be.
using Proof = std::vector<Digest>;

inline constexpr std::size_t proof_hashes_max = 128;

/// errors  those of `hashes`; invalid: more leaves asked for than `size`
Result<Digest> tree_root(const SubtreeHashes& hashes, std::uint64_t size);
/// RFC 6962 section 2.1.1, for the leaf `index` in the tree of `size` leaves.
Result<Proof> prove_inclusion(const SubtreeHashes& hashes, std::uint64_t index, std::uint64_t size);
/// RFC 6962 section 2.1.2: that the tree of `old_size` leaves is the beginning of the one of `size`.
Result<Proof> prove_consistency(const SubtreeHashes& hashes, std::uint64_t old_size, std::uint64_t size);

/// Checks what `prove_inclusion` made. errors: invalid: the proof does not lead to `root`
Done check_inclusion(const Digest& leaf,
                     std::uint64_t index,
                     std::uint64_t size,
                     std::span<const Digest> proof,
                     const Digest& root);
/// Checks what `prove_consistency` made. Every tree continues the empty one.
///   errors  invalid: the proof does not connect the two roots
Done check_consistency(std::uint64_t old_size,
                       const Digest& old_root,
                       std::uint64_t size,
                       const Digest& root,
                       std::span<const Digest> proof);
/// Whether the proof shows that the tree under `root` does not begin with the one under `old_root`: a fork
/// that nobody who holds the two roots can deny. False where a proof merely shows nothing.
bool shows_another_beginning(std::uint64_t old_size,
                             const Digest& old_root,
                             std::uint64_t size,
                             const Digest& root,
                             std::span<const Digest> proof);

}  // namespace shieldwall::ledger
