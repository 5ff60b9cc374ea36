#pragma once
// How much one member may ask a day. Cryptography cannot stop somebody from asking for every value there is;
// this does.

#include <cstdint>
#include <string_view>

#include "store/store.h"

namespace shieldwall::exchange::ask {

/// Questions of one organisation a day, whoever of it asks. A log of a day has some thousand values worth
/// asking; all IPv4 addresses would take 1,176 years.
inline constexpr std::uint64_t questions_per_day = 10'000;

struct Allowance {
  bool granted = false;
  std::uint64_t left = 0;  // after this
  Timestamp again{};       // when the day is over
};

/// Takes `count` questions out of what is left of the day (UTC), all or none. Durable on return.
///   errors  conflict: others kept asking between; as Records
Result<Allowance> take_questions(store::Records& records,
                                 const OrganisationId& who,
                                 std::uint64_t count,
                                 Timestamp now,
                                 std::uint64_t per_day = questions_per_day);

}  // namespace shieldwall::exchange::ask
