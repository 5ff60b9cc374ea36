#pragma once
// Sightings that leave without a name: what an organisation let go, until its node brought it to a relay.
// Bytes in docs/formats/federation.md.

#include "ledger/alliance.h"
#include "policy/label.h"

namespace shieldwall::ledger {

inline constexpr std::size_t anonymous_sources_min = 5;       // members who could be it; fewer: it is held
inline constexpr Duration anonymous_delay_max = minutes(30);  // before it leaves, at random
inline constexpr std::string_view anonymous_prefix =
    "anonymous/";  // of peer_table; then the instant it is due

/// What was seen of somebody's indicator in one bucket of time.
struct AnonymousCount {
  AllianceId alliance{};
  OrganisationId owner{};  // to whom alone it goes
  model::ObjectId indicator{};
  Timestamp from{};
  Duration length{};
  std::uint64_t count = 0;
  OrganisationId seer{};  // this and what follows is for this node alone: it never leaves
  CircleId circle{};      // by which the indicator came; nil: not known
  auto operator<=>(const AnonymousCount&) const = default;
};

Bytes encode(const AnonymousCount& count);
Result<AnonymousCount> decode_anonymous_count(std::string_view row);
/// The row under which it waits; `due` is drawn by the caller, so that no order tells when it was seen.
store::Write write_of(const AnonymousCount& count, Timestamp due, Random& random);

/// The one switch of an organisation: while it is set, no sighting of its own leaves, with a name or without.
std::string stopped_name(const OrganisationId& organisation);
Result<bool> sightings_are_stopped(store::Settings& settings, const OrganisationId& organisation);

/// Whether the seer still wants it to leave: its switch is not set, and it is in the circle by which the
/// indicator came, with a choice of sightings that return.
Result<bool> may_leave(store::Store& store, const AnonymousCount& count);

/// What can be said of a sighting's way before it is let go.
struct AnonymousWay {
  AllianceId alliance{};
  std::size_t sources = 0;   // members who could have seen it, this one among them
  bool is_narrowed = false;  // to the cleared, a compartment, an exercise, persons: how many is not known
  std::vector<policy::RosterMember> relays{};  // that could carry it: neither this member nor the owner
};
/// By the label under which the owner's indicator is held here.
///   errors  not_found: it came by no alliance
Result<AnonymousWay> anonymous_way(store::Records& records,
                                   const OrganisationId& home,
                                   const OrganisationId& owner,
                                   const policy::Label& label);

inline constexpr std::string_view relay_entry = "relay";  // expertise of who carries for others

}  // namespace shieldwall::ledger
