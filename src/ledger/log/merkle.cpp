#include "ledger/log/merkle.h"

#include <bit>

namespace shieldwall::ledger {

namespace {

/// The largest power of two below `size`, which is at least 2.
std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

/// The hash of the leaves `begin`..`begin + size`, where `begin` is a multiple of every power of two that the
/// recursion of RFC 6962 asks for.
Result<Digest> range_hash(const SubtreeHashes& hashes, std::uint64_t begin, std::uint64_t size) {
  if (std::has_single_bit(size)) {
    const int level = std::countr_zero(size);
    return hashes.subtree(level, begin >> level);
  }
  const auto split = split_of(size);
  const auto left = TRY(range_hash(hashes, begin, split));
  const auto right = TRY(range_hash(hashes, begin + split, size - split));
  return node_hash(left, right);
}

Done add_inclusion(
    const SubtreeHashes& hashes, std::uint64_t begin, std::uint64_t index, std::uint64_t size, Proof& proof) {
  if (size == 1) return {};
  const auto split = split_of(size);
  if (index < split) {
    TRY(add_inclusion(hashes, begin, index, split, proof));
    proof.push_back(TRY(range_hash(hashes, begin + split, size - split)));
  } else {
    TRY(add_inclusion(hashes, begin + split, index - split, size - split, proof));
    proof.push_back(TRY(range_hash(hashes, begin, split)));
  }
  return {};
}

/// SUBPROOF of RFC 6962 section 2.1.2; `whole`: the old tree is this very subtree, whose hash the checker
/// has.
Done add_consistency(const SubtreeHashes& hashes,
                     std::uint64_t begin,
                     std::uint64_t old_size,
                     std::uint64_t size,
                     bool whole,
                     Proof& proof) {
  if (old_size == size) {
    if (!whole) proof.push_back(TRY(range_hash(hashes, begin, size)));
    return {};
  }
  const auto split = split_of(size);
  if (old_size <= split) {
    TRY(add_consistency(hashes, begin, old_size, split, whole, proof));
    proof.push_back(TRY(range_hash(hashes, begin + split, size - split)));
  } else {
    TRY(add_consistency(hashes, begin + split, old_size - split, size - split, false, proof));
    proof.push_back(TRY(range_hash(hashes, begin, split)));
  }
  return {};
}

Done not_connected() {
  return fail(ErrorCode::invalid, "the consistency proof does not connect the two roots");
}

}  // namespace

Digest leaf_hash(std::string_view entry) {
  Sha256 hash;
  hash.add(std::string_view("\0", 1));
  hash.add(entry);
  return hash.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.add("\1");
  hash.add(left.view());
  hash.add(right.view());
  return hash.finish();
}

Digest empty_root() {
  return sha256("");
}

Result<Digest> tree_root(const SubtreeHashes& hashes, std::uint64_t size) {
  if (size == 0) return empty_root();
  return range_hash(hashes, 0, size);
}

Result<Proof> prove_inclusion(const SubtreeHashes& hashes, std::uint64_t index, std::uint64_t size) {
  if (index >= size) return fail(ErrorCode::invalid, "leaf {} is not in a tree of {}", index, size);
  Proof proof;
  TRY(add_inclusion(hashes, 0, index, size, proof));
  return proof;
}

Result<Proof> prove_consistency(const SubtreeHashes& hashes, std::uint64_t old_size, std::uint64_t size) {
  if (old_size > size)
    return fail(ErrorCode::invalid, "a tree of {} leaves is not part of {}", old_size, size);
  Proof proof;
  if (old_size > 0) TRY(add_consistency(hashes, 0, old_size, size, true, proof));
  return proof;
}

Done check_inclusion(const Digest& leaf,
                     std::uint64_t index,
                     std::uint64_t size,
                     std::span<const Digest> proof,
                     const Digest& root) {
  if (index >= size) return fail(ErrorCode::invalid, "leaf {} is not in a tree of {}", index, size);
  auto hash = leaf;
  auto last = size - 1;  // index of the last node at the level reached
  for (const auto& sibling : proof) {
    if (last == 0) return fail(ErrorCode::invalid, "the inclusion proof is too long");
    if ((index & 1) != 0 || index == last) {
      hash = node_hash(sibling, hash);
      // A last node without a sibling rises unchanged until it is a right child.
      while ((index & 1) == 0 && index != 0) {
        index >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    index >>= 1;
    last >>= 1;
  }
  if (last != 0 || hash != root)
    return fail(ErrorCode::invalid, "the inclusion proof does not lead to the root");
  return {};
}

namespace {

/// The two roots to which a consistency proof leads. errors: invalid: it has another length than the sizes
/// ask
struct TwoRoots {
  Digest old_root;
  Digest root;
};
Result<TwoRoots> roots_of(std::uint64_t old_size,
                          const Digest& old_root,
                          std::uint64_t size,
                          std::span<const Digest> proof) {
  auto node = old_size - 1;
  auto last = size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  auto next = proof.begin();
  if (node != 0 && next == proof.end()) return fail(not_connected().error());
  auto old_hash = node != 0 ? *next++ : old_root;  // a power of two: the checker has the hash already
  auto hash = old_hash;
  for (; next != proof.end(); ++next) {
    if (last == 0) return fail(not_connected().error());
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(*next, old_hash);
      hash = node_hash(*next, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, *next);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return fail(not_connected().error());
  return TwoRoots{.old_root = old_hash, .root = hash};
}

}  // namespace

Done check_consistency(std::uint64_t old_size,
                       const Digest& old_root,
                       std::uint64_t size,
                       const Digest& root,
                       std::span<const Digest> proof) {
  if (old_size > size)
    return fail(ErrorCode::invalid, "a tree of {} leaves is not part of {}", old_size, size);
  if (old_size == 0) return proof.empty() && old_root == empty_root() ? Done{} : not_connected();
  if (old_size == size) return proof.empty() && old_root == root ? Done{} : not_connected();
  const auto found = TRY(roots_of(old_size, old_root, size, proof));
  return found.old_root == old_root && found.root == root ? Done{} : not_connected();
}

bool shows_another_beginning(std::uint64_t old_size,
                             const Digest& old_root,
                             std::uint64_t size,
                             const Digest& root,
                             std::span<const Digest> proof) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return old_root != root;
  const auto found = roots_of(old_size, old_root, size, proof);
  return found && found->root == root && found->old_root != old_root;
}

}  // namespace shieldwall::ledger
