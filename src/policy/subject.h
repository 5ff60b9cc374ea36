#pragma once
// Who asks. Made by the authenticator, the roster and the circles; policy only reads it.

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/label.h"

namespace shieldwall::policy {

/// Versions [from, to) of a roster or circle during which somebody was inside; `to` is `open_end` while they
/// are.
struct Stay {
  static constexpr std::uint32_t open_end = UINT32_MAX;
  std::uint32_t from = 0;
  std::uint32_t to = open_end;
  auto operator<=>(const Stay&) const = default;
};

struct AllianceStanding {
  AllianceId alliance;
  Nation nation;            // all zero for a member without one
  std::vector<Stay> stays;  // sorted
  /// The newest roster this node knows. Who is inside at a later one it cannot tell, so nobody is: otherwise
  /// a member that was removed would see what was shared after, until the news of the removal arrives.
  std::uint32_t known_version = Stay::open_end - 1;
  auto operator<=>(const AllianceStanding&) const = default;
};

struct CircleStanding {
  CircleId circle;
  std::vector<Stay> stays;                           // sorted
  std::uint32_t known_version = Stay::open_end - 1;  // the newest membership this node knows
  auto operator<=>(const CircleStanding&) const = default;
};

/// What an organisation is inside of.
struct Standing {
  OrganisationId organisation;
  std::vector<AllianceStanding> alliances;  // sorted by alliance
  std::vector<CircleStanding> circles;      // sorted by circle
  auto operator<=>(const Standing&) const = default;
};

struct Clearance {  // up to this ordinal of this scheme, the roster's equivalences applied
  std::uint16_t scheme = 0;
  std::uint8_t ordinal = 0;
  auto operator<=>(const Clearance&) const = default;
};

struct Subject {
  Standing own;
  std::vector<Standing> patrons;            // organisations that the roster lists this one as a client of
  std::optional<PersonId> person;           // none for a service
  std::vector<CompartmentId> compartments;  // sorted
  std::vector<Clearance> clearances;
  std::vector<Realm> exercises;  // sorted; everybody is in the realm of operation
};

/// The one decision: may this subject see what carries this label, at this instant? Pure; default deny.
///
///   the owner of every clause                        always (its realm must match)
///   otherwise, all of: every clause's audience was and is entered (clients of an audience organisation up to
///   TLP:AMBER), the persons list names the subject (TLP:RED without a list: nobody), compartments and
///   classification held, realm entered, embargo passed, end not reached.
bool may_see(const Subject& subject, const Label& label, Timestamp now);

/// Whether the subject's organisation owns every clause, and so passes all rules but the realm.
bool owns_every_clause(const Subject& subject, const Label& label);

/// The same subject with its lists in the order that may_see relies on. Scope::of does so.
Subject sorted(Subject subject);

}  // namespace shieldwall::policy
