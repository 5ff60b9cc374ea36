#pragma once
// Signatures by whichever of the keys that a roster lists for a member.

#include <algorithm>
#include <vector>

#include "base/signing.h"
#include "policy/roster.h"

namespace shieldwall::exchange::federation {

/// Whether one of them signed what `verifies` checks with a key; a key that cannot be read signed nothing.
template <typename Verifies>
bool is_by_one_of(const std::vector<policy::MemberKey>& keys, Verifies verifies) {
  return std::ranges::any_of(keys, [&](const policy::MemberKey& key) {
    const auto verify_key = VerifyKey::from(key.key);
    return verify_key && verifies(*verify_key);
  });
}

}  // namespace shieldwall::exchange::federation
