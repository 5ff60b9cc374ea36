#pragma once
// The salted field tree: one root commits to every part of an object, so that a copy from which parts were
// taken still verifies: opened fields, hashes for the rest. Bytes in docs/formats/statement.md.
//
// Whoever holds the secret of a version can open all of it, so it goes to full readers alone; a redacted copy
// carries the salts of what it shows and nothing else.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace shieldwall::model {
class Json;
}

namespace shieldwall::policy {

/// 32 random bytes, drawn for one version of one release.
using VersionSecret = Digest;

/// SHA-256(salt || bytes) of the original bytes, and the salt that opens it.
Digest commitment_salt(const VersionSecret& secret);
Digest commitment_to(std::string_view bytes, const Digest& salt);

/// One field as it is shown.
///   path  `/name` for a member, `#0` for an element, one behind the other; in names ~ is ~0, / is ~1, # is
///   ~2.
///         Empty: the digest of the whole, of an object that has no time of its own.
///   text  its JSON, as it stands in the original bytes
struct OpenedField {
  std::string path{};
  Digest salt{};
  std::string text{};
  auto operator<=>(const OpenedField&) const = default;
};

/// SHA-256(0x00 || salt || length-prefixed path || text).
Digest leaf_of(const OpenedField& field);

/// Some fields of a tree and the hashes that lead from them to its root: its nodes from the root down, left
/// before right. A branch of which nothing is shown is one hash.
struct OpeningNode {
  enum class Kind : std::uint8_t { hidden = 0, branch = 1, field = 2 };
  Kind kind = Kind::hidden;
  Digest hash{};        // of hidden
  OpenedField field{};  // of field
  auto operator<=>(const OpeningNode&) const = default;
};
struct Opening {
  std::vector<OpeningNode> nodes{};
  auto operator<=>(const Opening&) const = default;
};

/// The fields it shows, when it leads to `root`.
///   errors  invalid: to another root, not one tree, a path twice or inside another, a text that is no JSON
Result<std::vector<OpenedField>> verified_fields(const Opening& opening, const Digest& root);

Bytes encode(const Opening& opening);
/// Verifies no root. Only canonical bytes are taken. errors: invalid, exhausted
Result<Opening> decode_opening(std::string_view bytes);

/// All of a version's fields, as its origin and its full readers have them.
class FieldTree {
 public:
  /// Leaves are every member of the object, every element of a list of references (a name that ends in
  /// `_refs`) and every part that the object's granular markings select; a value with such parts is the root
  /// of a subtree.
  ///   errors  invalid: not a JSON object with members; exhausted: as JsonDocument::parse
  static Result<FieldTree> of(std::string_view bytes, const VersionSecret& secret);
  /// The same of bytes that were read already: the root of their document.
  static Result<FieldTree> of(const model::Json& root, const VersionSecret& secret);

  const Digest& root() const { return nodes_[root_].hash; }
  const std::vector<OpenedField>& fields() const { return fields_; }  // in the order of the original bytes
  /// The fields of those paths. errors: not_found: one is the path of none
  Result<Opening> open(std::span<const std::string> paths) const;

 private:
  friend class FieldTreeMaker;
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Node {
    Digest hash{};
    std::uint32_t left = none;  // nodes below, of a branch
    std::uint32_t right = none;
    std::uint32_t field = none;
  };

  bool show(std::uint32_t node, const std::vector<bool>& shown, Opening& opening) const;

  std::vector<OpenedField> fields_;
  std::vector<Node> nodes_;
  std::uint32_t root_ = 0;
};

}  // namespace shieldwall::policy
