#pragma once
// Changes of a roster on their way to as many founders' signatures as they need: who proposed what, why, and
// who signed it so far. docs/formats/roster.md, "How a roster changes".

#include <string>
#include <vector>

#include "ledger/alliance.h"

namespace shieldwall::ledger {

inline constexpr Duration proposal_life = days(30);           // founders meet once a month
inline constexpr std::size_t proposals_of_alliance_max = 64;  // open at once; each may be a whole roster
inline constexpr std::size_t proposal_reason_max = 500;

struct Proposal {
  SignedRoster roster{};  // what becomes effective, and the signatures so far
  OrganisationId by{};
  Timestamp at{};
  std::string reason{};   // one line for the other founders; may be empty
  Signature signature{};  // of `by`, with its root key, over all above but the roster's signatures
  auto operator<=>(const Proposal&) const = default;

  const policy::Roster& next() const { return roster.roster; }
};

/// The name that people type: the first half of the digest that founders sign.
std::string name_of(const Proposal& proposal);

/// What `by` signs: domain, the roster's digest, organisation, instant and reason.
Bytes signed_text(const Proposal& proposal);

Bytes encode(const Proposal& proposal);
/// errors: invalid, exhausted
Result<Proposal> decode_proposal(std::string_view bytes);
Bytes encode_proposals(const std::vector<Proposal>& proposals);
Result<std::vector<Proposal>> decode_proposals(std::string_view bytes);

/// Whether it may be kept beside the newest version: it follows that one, its author is a founder, or a
/// member that changes its own entry, root key included, or leaves; author and reason are as signed.
/// Signatures of anybody else, and those that do not verify, are taken off it.
///   errors  conflict: made for another version; denied: by nobody who may propose that; invalid
Done judge(Proposal& proposal, const policy::Roster& newest);

/// Founders whose signature on it verifies; sorted.
std::vector<OrganisationId> founders_that_signed(const SignedRoster& roster, const policy::Roster& listed_in);
/// Whether the organisation signed it by a root key that the version lists.
bool is_signed_by(const SignedRoster& roster, const OrganisationId& who, const policy::Roster& listed_in);

/// Keeps it; one of the same roster gets the signatures of both. Gives it as it is kept now.
///   errors  exhausted: proposals_of_alliance_max; as judge
Result<Proposal> keep_proposal(store::Records& records, Proposal proposal, Timestamp now);
/// All that are kept, of that alliance or of every; those overtaken by another version included, in the order
/// of their digests.
Result<std::vector<Proposal>> proposals(store::Records& records, const std::optional<AllianceId>& alliance);
/// By the name or the beginning of one. errors: not_found; conflict: several begin so
Result<Proposal> proposal_named(store::Records& records, std::string_view name);
Done forget_proposal(store::Records& records, const Proposal& proposal);

/// Which of two rosters of one version, both signed by enough, counts: the one of the lower digest,
/// everywhere.
bool goes_before(const policy::Roster& one, const policy::Roster& other);

}  // namespace shieldwall::ledger
