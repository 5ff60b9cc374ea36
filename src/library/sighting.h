#pragma once
// Sightings: what was seen of an indicator in a member's own telemetry, counted by the hour, and what of that
// returns to where the indicator came from.
//
// Counts stay here until the member chose, for the circle that an indicator came by, to let them return.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "ledger/circle.h"
#include "model/object.h"
#include "store/store.h"

namespace shieldwall::library {

inline constexpr Duration count_bucket = hours(1);
inline constexpr std::size_t counts_of_report_max = 100'000;      // rows of one transaction
inline constexpr std::uint64_t sighting_count_max = 999'999'999;  // STIX 2.1 section 5.2
inline constexpr Duration counts_kept = days(400);  // a year of evidence and a month to look at it

inline constexpr std::size_t source_bytes_max = 128;  // of a source's name: a digest and what it is of

/// How often an indicator was seen in the hour that `at` lies in.
struct Seen {
  model::ObjectId indicator;
  Timestamp at{};
  std::uint64_t count = 1;
  /// Where: the observer's own stable name of a log, which never leaves. With it `count` is all that this
  /// source showed of the hour, so that telling it again adds only what is new; without it, it is added.
  std::string source{};
};

/// What became of a report.
struct Recorded {
  bool again = false;     // a report of that name was taken before: nothing was added
  std::size_t taken = 0;  // counts that were added or grew
  std::size_t known = 0;  // counts that their source told before
};

/// Adds what was seen to the organisation's counts, in one transaction with `also`: the position in what was
/// read. A report that was taken before under the same name adds nothing; an empty name is never remembered.
///   errors  exhausted: more than counts_of_report_max rows; conflict: other reports kept coming between
Result<Recorded> record_seen(store::Store& store,
                             const OrganisationId& organisation,
                             std::span<const Seen> seen,
                             std::string_view report,
                             Timestamp now,
                             std::vector<store::Write> also = {});

/// The organisation's counts by indicator and hour, in that order.
Result<std::vector<Seen>> own_counts(store::Records& records, const OrganisationId& organisation);

/// The one switch: while it is set, nothing returns.
Result<bool> is_stopped(store::Settings& settings, const OrganisationId& organisation);
Done set_stopped(store::Settings& settings, const OrganisationId& organisation, bool stopped);

/// The label of a sighting of a holding: the holding's, narrowed to what the observer releases into the
/// circle. The originator is always included.
///   errors  denied: the originator would not see it, or the holding is for named persons only
Result<policy::Label> sighting_label(store::Records& records,
                                     const policy::Holding& indicator,
                                     const ledger::Circle& circle,
                                     const OrganisationId& observer,
                                     Timestamp now);

/// Sightings of one indicator that stay here, and why.
struct HeldBack {
  model::ObjectId indicator;
  std::string circle;  // title; empty: it came by none
  std::string reason;
};

/// To whom an anonymous sighting is anonymous, and how far.
struct AnonymousTo {
  std::string owner{};                // name of the indicator's owner: it learns what was seen
  std::size_t one_of = 0;             // members who could have seen it
  std::vector<std::string> relays{};  // names: one of them learns that this node sent something
  auto operator<=>(const AnonymousTo&) const = default;
};

struct Sent {
  std::size_t sent = 0;  // sightings that became holdings in their circles, new or with new counts; or are
                         // let go without a name
  std::size_t unchanged = 0;  // told before
  std::vector<HeldBack> held_back{};
  std::vector<AnonymousTo> anonymous_to{};  // sorted, each once
};

enum class Manner : std::uint8_t {
  named,      // a holding in the circle, which names the observer
  anonymous,  // to the indicator's owner alone, past a relay; by the day, once the day is over
};

/// Releases the counts that the member chose to let return, as STIX 2.1 sightings in the circles by which the
/// indicators came: `counts` by the day, `detail` by the hour. Again after a failure does no harm.
/// What was told in one manner is never told in the other, or the name would follow.
///   errors  denied: the switch is set; unavailable: `deadline` passed, and what was released before stays
Result<Sent> send_sightings(api::Services& services,
                            const api::Caller& caller,
                            Deadline deadline,
                            Manner manner = Manner::named);

}  // namespace shieldwall::library
