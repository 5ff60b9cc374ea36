#pragma once
// A foreign collection that an organisation reads into a circle or adds a circle's objects to, and how far it
// got. Kept in Records under its organisation.

#include <string>
#include <string_view>
#include <vector>

#include "exchange/taxii/pull.h"
#include "ledger/row.h"
#include "policy/label.h"

namespace shieldwall::exchange::taxii {

inline constexpr std::size_t feeds_max = 1'000;        // of one organisation: far more than there are sources
inline constexpr std::size_t token_bytes_max = 4'096;  // a foreign server's `next`

struct Feed {
  FeedId id{};
  OrganisationId organisation{};
  CircleId circle{};
  std::string url{};                         // of the collection, with a slash at the end
  policy::Tlp ceiling = policy::Tlp::clear;  // what comes in is never more open than this
  PullPlace pulled{};                        // how far it was read
  std::string sent_after{};                  // our objects added until then were added there; empty: none
};

/// The same for the same organisation, circle and address.
FeedId feed_id(const OrganisationId& organisation, const CircleId& circle, std::string_view url);

/// errors: not_found, also for another organisation's
Result<ledger::Row<Feed>> read_feed(store::Records& records,
                                    const OrganisationId& organisation,
                                    const FeedId& id);
Result<std::vector<ledger::Row<Feed>>> list_feeds(store::Records& records,
                                                  const OrganisationId& organisation);

/// Puts it in the place of `revision`. errors: invalid; conflict: somebody else changed it meanwhile
Done write_feed(store::Records& records, const Feed& feed, std::uint64_t revision);

Bytes encode(const Feed& feed);
Result<Feed> decode_feed(std::string_view row);

}  // namespace shieldwall::exchange::taxii
