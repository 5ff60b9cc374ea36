#include "ledger/readable.h"

#include <algorithm>

namespace shieldwall::ledger {

bool lets_read(const Circle& circle, const AccountId& account) {
  const auto grant = std::ranges::lower_bound(circle.grants, account, {}, &Grant::account);
  if (grant != circle.grants.end() && grant->account == account) return grant->can_read;
  return circle.members_read;
}

Done close_unreadable(store::Records& records, const AccountId& account, policy::Subject& subject) {
  std::vector<policy::CircleStanding> open;
  for (auto& standing : subject.own.circles) {
    const auto row = TRY(read_circle(records, standing.circle));
    if (lets_read(row.value, account)) open.push_back(std::move(standing));
  }
  subject.own.circles = std::move(open);
  return {};
}

}  // namespace shieldwall::ledger
