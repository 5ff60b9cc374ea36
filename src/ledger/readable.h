#pragma once
// Which circles an account may read: the one place where a grant becomes part of a scope, so that every door
// agrees.

#include "ledger/circle.h"

namespace shieldwall::ledger {

/// What the circle says of reading by an account of an organisation inside, whatever the account's rights.
bool lets_read(const Circle& circle, const AccountId& account);

/// Takes those circles out of what the subject is inside of that do not let this account read: what it may
/// see of them is what somebody outside may, by every door. What its own organisation put there stays its
/// own.
Done close_unreadable(store::Records& records, const AccountId& account, policy::Subject& subject);

}  // namespace shieldwall::ledger
