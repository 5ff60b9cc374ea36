#pragma once
// The roster: who belongs to an alliance, by which keys each is known, and who may change the list. A value;
// it is signed by k of its founders. Bytes in docs/formats/roster.md.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/label.h"

namespace shieldwall::policy {

/// Every key and signature says by what algorithm.
enum class Algorithm : std::uint8_t {
  ed25519 = 1,       // signatures
  x25519 = 2,        // sealed boxes
  ristretto255 = 3,  // VOPRF, RFC 9497
};

enum class KeyUse : std::uint8_t {
  root = 1,       // the organisation's own, kept offline; signs the others and the roster
  statement = 2,  // signs batches of statements and checkpoints
  sealing = 3,    // receives epoch keys; a host holds its guests'
  witness = 4,    // cosigns other members' checkpoints
  look_up = 5,    // private look-up
};

struct MemberKey {
  KeyUse use = KeyUse::root;
  Algorithm algorithm = Algorithm::ed25519;
  Bytes key{};  // 32 bytes for every algorithm above
  auto operator<=>(const MemberKey&) const = default;
};

/// The name under which statements and envelopes call a key: SHA-256 of the algorithm byte and the key.
Digest key_id(const MemberKey& key);

/// Where people are reached.
struct Contact {
  std::string name{};     // "duty officer"
  std::string address{};  // a URI: mailto:, tel:, https:
  bool around_the_clock = false;
  auto operator<=>(const Contact&) const = default;
};

/// That the member accepted a document of the alliance, by its digest.
struct AcceptedTerms {
  Digest document{};
  Timestamp accepted{};
  auto operator<=>(const AcceptedTerms&) const = default;
};

enum class MemberKind : std::uint8_t {
  national = 1,    // of a nation of the alliance
  partner = 2,     // with the alliance, not of it; may name its nation
  non_nation = 3,  // of no nation: an international body
};

struct RosterMember {
  OrganisationId organisation{};
  std::string name{};
  MemberKind kind = MemberKind::national;
  Nation nation{};                        // all zero: none
  std::optional<OrganisationId> host{};   // the member on whose node it lives; nothing: runs its own
  std::vector<OrganisationId> clients{};  // admitted up to TLP:AMBER where this member is; sorted
  std::vector<MemberKey> keys{};          // sorted
  std::vector<Digest> pins{};       // SHA-256 of TLS public keys (SPKI); two while one replaces the other
  std::vector<Contact> contacts{};  // sorted
  std::vector<std::string> expertise{};  // "industrial control"; sorted
  std::vector<AcceptedTerms> terms{};    // sorted
  auto operator<=>(const RosterMember&) const = default;
};

/// The founders let that member enrol organisations of that nation.
struct Delegation {
  Nation nation{};
  OrganisationId to{};
  auto operator<=>(const Delegation&) const = default;
};

/// Whoever is cleared for `held` is cleared for `reached` too.
struct Equivalence {
  Classification held{};
  Classification reached{};
  auto operator<=>(const Equivalence&) const = default;
};

struct Roster {
  AllianceId alliance{};
  std::string name{};
  std::uint32_t version = 1;
  std::optional<Digest> predecessor{};      // digest_of the version before; none of version 1 alone
  std::vector<OrganisationId> founders{};   // members; sorted
  std::uint32_t founders_needed = 1;        // k of them sign a change
  std::vector<Delegation> delegations{};    // sorted
  std::vector<Equivalence> equivalences{};  // sorted
  std::vector<RosterMember> members{};      // sorted by organisation
  auto operator<=>(const Roster&) const = default;
};

/// The same roster with its lists in order and each thing named once.
Roster canonical(Roster roster);

/// Whether a canonical roster says what a roster must: bounds, texts, founders and hosts that are members.
///   errors  invalid, exhausted: says which member and rule
Done check(const Roster& roster);

/// The canonical binary form of one that passes `check`; equal rosters and only those give equal bytes.
Bytes encode(const Roster& roster);
/// Only canonical bytes of a roster that passes `check` are taken. errors: invalid, exhausted
Result<Roster> decode_roster(std::string_view bytes);

/// What founders sign and successors name: SHA-256 of `shieldwall/roster/v1` and the canonical bytes.
Digest digest_of(const Roster& roster);

/// Nothing when it is no member.
const RosterMember* find_member(const Roster& roster, const OrganisationId& organisation);

/// What differs between two versions of one alliance's roster.
struct RosterDifference {
  std::vector<OrganisationId> added{};
  std::vector<OrganisationId> removed{};
  std::vector<OrganisationId> changed{};  // members of both, told otherwise
  bool rules = false;                     // name, founders, delegations or equivalences
  bool is_empty() const { return added.empty() && removed.empty() && changed.empty() && !rules; }
  auto operator<=>(const RosterDifference&) const = default;
};
RosterDifference difference(const Roster& before, const Roster& after);

/// Whether `after` may follow `before` in the chain: same alliance, next version, naming it as predecessor.
/// errors: invalid
Done check_successor(const Roster& before, const Roster& after);

/// Whether the founders delegated this change to `delegate`: it only enrols, changes or removes organisations
/// of the nations it speaks for, touches neither itself nor a founder, and no rule.
bool is_delegated(const Roster& before, const Roster& after, const OrganisationId& delegate);

}  // namespace shieldwall::policy
