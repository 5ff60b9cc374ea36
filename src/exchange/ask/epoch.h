#pragma once
// The answerer's keys, one an epoch. The secret half stays sealed in the store until its epoch is over; the
// open half is kept for good and noted in the audit log, so that askers can compare what they were shown.

#include <cstdint>
#include <vector>

#include "api/call.h"
#include "exchange/ask/voprf.h"

namespace shieldwall::exchange::ask {

/// Long enough that everybody fetches the set of tags rarely, short enough that what was asked under one key
/// becomes useless (docs/formats/ask.md has the enumeration time that follows).
inline constexpr Duration epoch_length = days(30);

struct Epoch {
  std::uint32_t number = 0;
  voprf::KeyPair key{};
  Bytes padding_key{};  // 32 bytes, from the same seed: what filters are filled up with
};

std::uint32_t epoch_at(Timestamp now);
Timestamp end_of_epoch(std::uint32_t number);

/// The key of the epoch that `now` lies in; drawn, kept and noted in the audit log when it is the first time.
///   errors  corrupt: the kept seed does not open with this node's secret; as Records
Result<Epoch> epoch_now(api::Services& services, Timestamp now);

/// The same, where there is one already. errors: not_found
Result<Epoch> epoch_kept(api::Services& services, Timestamp now);

struct OpenKey {
  std::uint32_t epoch = 0;
  voprf::Element key{};
};
/// Open keys of all epochs so far, oldest first.
Result<std::vector<OpenKey>> open_keys(store::Records& records);

}  // namespace shieldwall::exchange::ask
