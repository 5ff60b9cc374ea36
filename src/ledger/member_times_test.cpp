#include "ledger/member_times.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

constexpr Timestamp noon{1'700'000'000'000'000};
OrganisationId member(int number) {
  return OrganisationId{Uuid::named(Uuid{}, fmt::format("member {}", number))};
}

}  // namespace

TEST_CASE("an instant has passed when the own clock and the median of three members' clocks say so") {
  MemberTimes times;
  const auto early = noon - hours(1);
  for (int i = 0; i < 3; ++i) times.note(member(i), early, seconds(0));
  CHECK_FALSE(times.has_passed(noon, noon + hours(9), seconds(0)).passed);  // the own clock was moved
  CHECK(times.has_passed(noon, noon, hours(0)).by.find("3 members") != std::string::npos);
  times.note(member(0), noon, seconds(0));  // one of three lies
  CHECK_FALSE(times.has_passed(noon, noon, seconds(0)).passed);
  times.note(member(1), noon, seconds(0));
  CHECK(times.has_passed(noon, noon, seconds(0)).passed);
  CHECK_FALSE(times.has_passed(noon, early, seconds(0)).passed);
  // Members' clocks go on between two words of theirs, and their words grow old.
  CHECK(times.has_passed(noon + minutes(5), noon + hours(1), minutes(5)).passed);
  const auto old = times.has_passed(noon + hours(1), noon + hours(1), minutes(11));
  CHECK(old.passed);
  CHECK(old.by.find("own clock alone: 0 members") != std::string::npos);
}

TEST_CASE("on a node that no member reaches two named persons say what time it is, and one does not") {
  MemberTimes times;
  times.attest("alice", noon, seconds(0));
  times.attest("alice", noon + hours(2), seconds(0));  // twice is one
  CHECK_FALSE(times.has_passed(noon, noon - hours(3), seconds(0)).passed);
  times.attest("bob", noon + minutes(1), seconds(0));
  const auto passed = times.has_passed(noon, noon - hours(3), seconds(0));  // its own clock stood still
  CHECK(passed.passed);
  CHECK(passed.by == "the time that alice and bob attested");
  CHECK_FALSE(times.has_passed(noon + hours(1), noon + hours(5), seconds(0)).passed);  // the earlier counts
  times.note(member(1), noon - hours(1), seconds(0));
  CHECK(times.has_passed(noon, noon - hours(1), seconds(0)).by.find("own clock alone: 1 members") !=
        std::string::npos);
}
