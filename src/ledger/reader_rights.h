#pragma once
// What a reader's rights were before: so that what wider rights open has its added time then, and no client
// that pages by time misses it. The rows: docs/formats/subject.md.

#include "api/call.h"
#include "store/steps.h"

namespace shieldwall::ledger {

struct ReaderRights {
  store::PastRights past{};
  std::uint64_t revision = 0;  // of the row
};

/// Of the calling account. The first call that comes with other rights than the last ends those, at an
/// instant of the store's; so ask before reading what they date.
///   errors  of the store
Result<ReaderRights> reader_rights(const api::Call& call);

/// Nothing when the account's rights are still those: what was read meanwhile may be told.
///   errors  unavailable: they changed; ask again
Done still_those(const api::Call& call, const ReaderRights& rights);

/// How many changes of one account's rights are remembered, and how long after the last read. Who asks again
/// after more of both may miss what the oldest opened.
inline constexpr std::size_t past_rights_max = 64;
inline constexpr Duration rights_kept = days(90);

}  // namespace shieldwall::ledger
