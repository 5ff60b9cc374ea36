#pragma once
// The judgement on one opened envelope: may this node have what it holds, and is it what its origin signed?

#include <set>

#include "exchange/federation/book.h"
#include "exchange/federation/intake.h"
#include "policy/statement.h"

namespace shieldwall::exchange::federation {

/// A batch whose signature was checked, and for whom: what its key may sign depends on all of these.
struct Verified {
  Digest root{};
  Digest key{};
  OrganisationId origin{};
  AllianceId alliance{};
  std::uint32_t version = 0;  // of the roster
  auto operator<=>(const Verified&) const = default;
};

/// Whom a label names; neighbours mostly share theirs.
struct LabelAudience {
  policy::Label label{};
  Digest digest{};
  bool names_home = false;
};

/// What one page's deliveries are judged by.
struct Bench {
  const Known& known;
  const policy::Subject& home;
  Timestamp now{};
  std::set<Verified> verified{};
  std::optional<LabelAudience> audience{};  // of the label looked at last
};

inline constexpr std::string_view suspended_reason = "its origin is suspended here";

/// That one of its origin's keys signed it. errors: invalid
Done check_signature(Bench& bench,
                     const policy::SignedStatement& signed_statement,
                     const policy::Statement& statement);

/// Everything but the object: signature by a key of the origin, alliance, roster version, audience set, label
/// and place in its release.
///   statement  what `signed_statement` says
///   before     the statement of that release that was taken last
///   returns    whether it takes away: an amendment under which this node may not see the object any more
///   errors     not_found: a roster that this node has not heard of; denied: not for this node, and no
///              amendment; invalid
Result<bool> judge_statement(Bench& bench,
                             const policy::SignedStatement& signed_statement,
                             const policy::Statement& statement,
                             const std::optional<policy::Statement>& before);

/// The object itself: commitment, field tree, STIX, and that it is the one the statement names.
///   errors  invalid
Result<store::NewHolding> judge_object(const policy::Statement& statement,
                                       const Contents& contents,
                                       const CircleId& into);

}  // namespace shieldwall::exchange::federation
