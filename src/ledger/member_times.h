#pragma once
// What time it is, by others: the instants that members signed lately, and what two people attested on a node
// that no member reaches. An embargo opens by them, so that moving one clock opens nothing
// (docs/decisions/0010).

#include <map>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "base/ids.h"
#include "base/time.h"

namespace shieldwall::ledger {

inline constexpr Duration member_time_fresh = minutes(10);  // as long as a round of witnesses may take
inline constexpr std::size_t member_times_needed = 3;       // fewer, and one liar would be the median
inline constexpr std::size_t attesters_needed = 2;

/// Whether an instant has passed, and by whose word.
struct Passed {
  bool passed = false;
  std::string by{};  // for people: "the own clock and the median of 4 members' clocks"
};

/// On the shelf of a node's services. `steady` is the node's steady clock, which nobody sets.
class MemberTimes {
 public:
  /// That member signed this instant, and it was received just now.
  void note(const OrganisationId& member, Timestamp at, Duration steady);
  /// A named person says that it is now `at`. Holds until the node restarts.
  void attest(const std::string& person, Timestamp at, Duration steady);
  /// Persons whose word stands; in order.
  std::vector<std::string> attesters() const;

  /// Three fresh members or more: own clock and their median both. None, and two persons attested: what the
  /// earlier of them says. Else the own clock alone, and `by` says so.
  Passed has_passed(Timestamp instant, Timestamp own, Duration steady) const;

 private:
  struct Noted {
    Timestamp at{};
    Duration steady{};
    Timestamp now(Duration at_steady) const { return at + Duration{at_steady.us - steady.us}; }
  };
  struct Kept {
    std::map<OrganisationId, Noted> members{};
    std::map<std::string, Noted> persons{};
  };
  Guarded<Kept> kept_{};
};

}  // namespace shieldwall::ledger
