#pragma once
// Hits folded into sightings: what may go back to an indicator's originator is the indicator, a count and the
// hour, never the telemetry.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "detect/scan.h"
#include "model/object.h"

namespace shieldwall::detect {

inline constexpr Duration sighting_bucket = hours(1);

/// How often one indicator was seen within one hour. The two times are the bounds of the hour, not of the
/// events.
struct SightingCount {
  std::string indicator;  // Indicator::id
  Timestamp first_seen;
  Timestamp last_seen;
  std::uint64_t count = 0;  // events; several fields of one event count once
};

class SightingFolder {
 public:
  /// `scanned_at` stands for the time of events that tell none.
  SightingFolder(const Matcher& matcher, Timestamp scanned_at) : matcher_(matcher), scanned_at_(scanned_at) {}

  /// Hits must come as scan_files tells them: those of one line one behind the other.
  void add(const Hit& hit);

  /// By indicator as the matcher has them, then by time.
  std::vector<SightingCount> counts() const;

 private:
  struct Seen {
    std::string source;
    std::uint64_t line = 0;
  };

  Matcher matcher_;
  Timestamp scanned_at_;
  std::map<std::pair<std::size_t, Timestamp>, std::uint64_t> counts_;
  std::map<std::size_t, Seen> last_;  // by indicator: the event counted last
};

/// Who says it was seen.
struct Observer {
  model::ObjectId identity;                          // created_by_ref and where_sighted_refs
  std::vector<model::ObjectId> object_marking_refs;  // the label, as far as STIX can say it
};

/// The STIX 2.1 sighting (section 5.2) of an indicator that has a STIX id, under a random id of its own.
///   errors  invalid: the indicator has no STIX id (an entry of a list), or the count is not 1..999,999,999
Result<std::string> sighting_object(const SightingCount& count,
                                    const Observer& observer,
                                    Timestamp now,
                                    Random& random);

}  // namespace shieldwall::detect
