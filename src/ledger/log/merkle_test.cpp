#include "ledger/log/merkle.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

/// MTH of RFC 6962 section 2.1, word for word, over leaf hashes.
Digest naive_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256("");
  if (leaves.size() == 1) return leaves.front();
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  return node_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}

class Leaves final : public SubtreeHashes {
 public:
  explicit Leaves(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) leaves_.push_back(leaf_hash(std::to_string(i)));
  }
  Result<Digest> subtree(int level, std::uint64_t index) const override {
    const auto count = std::size_t{1} << level;
    if ((index + 1) * count > leaves_.size()) return fail(ErrorCode::not_found, "no such subtree");
    return naive_root(all().subspan(index * count, count));
  }
  std::span<const Digest> all() const { return leaves_; }
  Digest root(std::size_t size) const { return naive_root(all().first(size)); }

 private:
  std::vector<Digest> leaves_;
};

constexpr std::size_t small = 40;  // beyond 32: every shape of the right edge up to five peaks

}  // namespace

TEST_CASE("the hashes of leaves, nodes and nothing are those of RFC 6962") {
  CHECK(empty_root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(leaf_hash("").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(node_hash(leaf_hash(""), leaf_hash("")) ==
        sha256(std::string("\1", 1) + std::string(leaf_hash("").view()) + std::string(leaf_hash("").view())));
}

TEST_CASE("roots equal a reading of the definition, for every small tree") {
  const Leaves leaves(small);
  for (std::size_t size = 0; size <= small; ++size) CHECK(*tree_root(leaves, size) == leaves.root(size));
}

TEST_CASE("every leaf of every small tree is proved, and no other leaf, place, size or root is") {
  const Leaves leaves(small);
  for (std::size_t size = 1; size <= small; ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      CAPTURE(size);
      CAPTURE(index);
      const auto proof = *prove_inclusion(leaves, index, size);
      const auto root = leaves.root(size);
      REQUIRE(check_inclusion(leaves.all()[index], index, size, proof, root));
      CHECK_FALSE(check_inclusion(leaf_hash("other"), index, size, proof, root));
      CHECK_FALSE(check_inclusion(leaves.all()[index], index, size, proof, leaf_hash("other")));
      CHECK_FALSE(check_inclusion(leaves.all()[index], size, size, proof, root));
      if (size > 1) {
        CHECK_FALSE(check_inclusion(leaves.all()[index], (index + 1) % size, size, proof, root));
        CHECK_FALSE(check_inclusion(leaves.all()[index], index, size, std::span(proof).subspan(1), root));
      }
      auto longer = proof;
      longer.push_back(root);
      CHECK_FALSE(check_inclusion(leaves.all()[index], index, size, longer, root));
    }
  }
}

TEST_CASE("every small tree is proved to continue every smaller one, and nothing else is") {
  const Leaves leaves(small);
  for (std::size_t size = 0; size <= small; ++size) {
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      CAPTURE(size);
      CAPTURE(old_size);
      const auto proof = *prove_consistency(leaves, old_size, size);
      const auto old_root = leaves.root(old_size);
      const auto root = leaves.root(size);
      REQUIRE(check_consistency(old_size, old_root, size, root, proof));
      CHECK_FALSE(check_consistency(old_size, leaf_hash("other"), size, root, proof));
      if (old_size > 0) CHECK_FALSE(check_consistency(old_size, old_root, size, leaf_hash("other"), proof));
      if (old_size > 0 && old_size < size) {
        CHECK_FALSE(check_consistency(old_size, old_root, size + 40, root, proof));
        for (std::size_t i = 0; i < proof.size(); ++i) {
          auto changed = proof;
          changed[i].bytes[7] ^= 1;
          CHECK_FALSE(check_consistency(old_size, old_root, size, root, changed));
        }
      }
      auto longer = proof;
      longer.push_back(root);
      CHECK_FALSE(check_consistency(old_size, old_root, size, root, longer));
    }
  }
}

TEST_CASE("a proof about what is not there is refused") {
  const Leaves leaves(3);
  CHECK(prove_inclusion(leaves, 3, 3).error().code == ErrorCode::invalid);
  CHECK(prove_consistency(leaves, 4, 3).error().code == ErrorCode::invalid);
  CHECK(prove_inclusion(leaves, 0, 4).error().code == ErrorCode::not_found);
}
