// Any bytes as a roster: one encoding each, and what is taken keeps every rule and can be followed.

#include "policy/fuzz_expect.h"
#include "policy/membership.h"

using namespace shieldwall;
using namespace shieldwall::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto roster = expect_canonical(bytes, [](std::string_view text) { return decode_roster(text); });
  if (!roster) return 0;
  expect(check(*roster).has_value(), "a roster that breaks a rule was taken");
  expect(canonical(*roster) == *roster, "what was read is not canonical");
  expect(difference(*roster, *roster).is_empty(), "a roster differs from itself");
  Memberships known;
  expect(follow(known.alliances.emplace_back(), *roster).has_value(), "a first roster cannot be followed");
  expect(!follow(known.alliances.front(), *roster), "the same version was taken twice");
  for (const RosterMember& member : roster->members) {
    const Subject subject = subject_of(known, member.organisation, std::nullopt);
    expect(subject.own.alliances.size() == 1, "a member is not inside");
  }
  return 0;
}
