#include "ledger/member_times.h"

#include <algorithm>
#include <vector>

namespace shieldwall::ledger {

namespace {

constexpr std::size_t members_max = 10'000;  // as a roster
constexpr std::size_t persons_max = 100;

/// The lower of the two in the middle: it is to be passed for certain.
Timestamp median(std::vector<Timestamp>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

}  // namespace

void MemberTimes::note(const OrganisationId& member, Timestamp at, Duration steady) {
  kept_.with([&](Kept& kept) {
    if (kept.members.size() < members_max || kept.members.contains(member))
      kept.members.insert_or_assign(member, Noted{at, steady});
  });
}

void MemberTimes::attest(const std::string& person, Timestamp at, Duration steady) {
  kept_.with([&](Kept& kept) {
    if (kept.persons.size() < persons_max || kept.persons.contains(person))
      kept.persons.insert_or_assign(person, Noted{at, steady});
  });
}

std::vector<std::string> MemberTimes::attesters() const {
  return kept_.with([](const Kept& kept) {
    std::vector<std::string> names;
    for (const auto& [name, noted] : kept.persons) names.push_back(name);
    return names;
  });
}

Passed MemberTimes::has_passed(Timestamp instant, Timestamp own, Duration steady) const {
  return kept_.with([&](const Kept& kept) {
    std::vector<Timestamp> times;
    for (const auto& [member, noted] : kept.members)
      if (steady.us - noted.steady.us <= member_time_fresh.us) times.push_back(noted.now(steady));
    if (times.size() >= member_times_needed) {
      const auto count = times.size();
      return Passed{own >= instant && median(times) >= instant,
                    fmt::format("the own clock and the median of {} members' clocks", count)};
    }
    if (times.empty() && kept.persons.size() >= attesters_needed) {
      std::vector<Timestamp> attested;
      std::string names;
      for (const auto& [name, noted] : kept.persons) {
        attested.push_back(noted.now(steady));
        names += (names.empty() ? "" : " and ") + name;
      }
      std::ranges::sort(attested);
      // Two have to say that it has passed: with more of them, the earlier of the two latest.
      return Passed{attested[attested.size() - attesters_needed] >= instant,
                    "the time that " + names + " attested"};
    }
    return Passed{own >= instant,
                  fmt::format("the own clock alone: {} members' clocks are known, {} are needed",
                              times.size(),
                              member_times_needed)};
  });
}

}  // namespace shieldwall::ledger
