#pragma once
// A member that was suspended is told of to the others in a signed note, which they see and judge themselves.

#include "exchange/federation/federation.h"

namespace shieldwall::exchange::federation {

inline constexpr std::string_view suspension_label =
    "shieldwall-suspension";  // of the note, in STIX `labels`

/// Somebody says that it suspended somebody.
struct Warning {
  OrganisationId about{};
  OrganisationId by{};
  Timestamp since{};
  std::string reason{};
  model::ObjectId note;
};

/// Releases a note to every member of each alliance of both but to the one it is about and its guests.
Done warn_of(Federation& federation, const OrganisationId& member, std::string_view reason);
/// Takes this organisation's own notes about that member back everywhere.
Done end_warnings(Federation& federation, const OrganisationId& member);
/// What members said, this organisation included; newest last.
Result<std::vector<Warning>> warnings(Federation& federation);

}  // namespace shieldwall::exchange::federation
