#include "exchange/federation/outgoing_label.h"

#include <algorithm>

#include "ledger/circle.h"

namespace shieldwall::exchange::federation {

namespace {

/// Every member of the roster that was inside the circle then; all of them are named in short.
policy::AllianceAudience audience_of(const ledger::Circle& circle,
                                     std::uint32_t version,
                                     const policy::Roster& roster) {
  policy::AllianceAudience audience;
  audience.alliance = roster.alliance;
  audience.roster_version = roster.version;
  const auto inside = [&](const policy::RosterMember& member) {
    const auto* const found = ledger::member_of(circle, member.organisation);
    return found != nullptr && std::ranges::any_of(found->stays, [&](const policy::Stay& stay) {
             return stay.from <= version && version < stay.to;
           });
  };
  const bool all = std::ranges::all_of(roster.members, inside);
  for (const auto& member : roster.members) {
    if (!inside(member)) continue;
    if (all && member.nation != policy::Nation{})
      audience.nations.push_back(member.nation);
    else
      audience.organisations.push_back(member.organisation);
  }
  return audience;
}

}  // namespace

Result<std::optional<policy::Label>> outgoing_label(store::Records& records,
                                                    const policy::Roster& roster,
                                                    const policy::Label& label) {
  policy::Label outgoing = label;
  for (auto& clause : outgoing.audience) {
    if (std::holds_alternative<std::monostate>(clause.inside)) return std::nullopt;
    if (const auto* const alliance = std::get_if<policy::AllianceAudience>(&clause.inside)) {
      if (alliance->alliance != roster.alliance) return std::nullopt;
      continue;
    }
    const auto& named = std::get<policy::CircleAudience>(clause.inside);
    const auto circle = ledger::read_circle(records, named.circle);
    if (!circle && circle.error().code == ErrorCode::not_found) return std::nullopt;
    if (!circle) return fail(circle.error());
    clause.inside = audience_of(circle->value, named.membership_version, roster);
  }
  return policy::canonical(std::move(outgoing));
}

}  // namespace shieldwall::exchange::federation
