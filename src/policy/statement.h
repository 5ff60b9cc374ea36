#pragma once
// A statement: what an organisation says about one version of one object to one audience, as bytes that are
// signed. A value; keys and the log stand elsewhere. Bytes in docs/formats/statement.md.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "model/object.h"
#include "policy/label.h"
#include "policy/released.h"
#include "policy/roster.h"

namespace shieldwall::policy {

enum class StatementKind : std::uint8_t {
  publish = 1,   // a version of an object, the first of its release or a later one
  amend = 2,     // the same version under a narrower label
  recall = 3,    // forget it: stop serving, destroy, answer with a receipt
  delegate = 4,  // for somebody whom only the signer knows
  sighting = 5,  // the observer's own: a version of a sighting
  correct = 6,   // what was published was wrong; this version stands in its place
  import = 7,    // these bytes came from that source under this ceiling; no authorship is claimed
  restored = 8,  // the origin's node came back from a backup and goes on after the predecessor its peers hold
};

/// The object in clear. A cyber-observable's own id and digest tell its value: it is known by its release and
/// number, and they are leaves of the field tree.
struct StatedObject {
  model::ObjectId id{};
  Timestamp version{};  // `modified`, else `created`
  auto operator<=>(const StatedObject&) const = default;
};

/// A release's own id: one object to one audience. A random UUIDv4.
using ReleaseId = Id<struct ReleaseTag>;

struct Statement {
  AllianceId alliance{};
  OrganisationId origin{};
  ReleaseId release{};
  std::optional<StatedObject> object{};  // nothing for a cyber-observable
  std::uint32_t number = 1;              // within the release
  std::optional<Digest> predecessor{};   // digest_of the statement before; none of number 1 alone
  Digest commitment{};                   // to the original bytes, commitment_to in field_tree.h
  std::optional<Digest> field_root{};    // nothing where the bytes are sealed and have no fields
  Label label{};
  Digest audience{};  // audience_digest of what the label names at its versions
  StatementKind kind = StatementKind::publish;
  std::optional<Source> source{};  // of an import alone
  Digest key{};                    // key_id of the origin's key that signs
  Algorithm algorithm = Algorithm::ed25519;
  auto operator<=>(const Statement&) const = default;
};

/// Whether a statement says what its kind asks.
///   errors  invalid, exhausted: says which rule
Done check(const Statement& statement);

/// The canonical binary form of one that passes `check`; equal statements and only those give equal bytes.
Bytes encode(const Statement& statement);
/// Only canonical bytes of a statement that passes `check` are taken. errors: invalid, exhausted
Result<Statement> decode_statement(std::string_view bytes);

/// The name of a statement, and its leaf in a batch: SHA-256(0x00 || bytes), RFC 6962 section 2.1.
Digest statement_digest(std::string_view bytes);

/// Whether `next` may follow `before` within their release: same origin, release and object, next number, its
/// digest; an amendment or recall leaves the bytes as they are, and no statement widens the label.
///   errors  invalid: says which rule
Done check_successor(const Statement& before, const Statement& next);

}  // namespace shieldwall::policy
