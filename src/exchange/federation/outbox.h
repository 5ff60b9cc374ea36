#pragma once
// Deliveries that wait for other nodes: numbered for each pair, kept until recalled, handed out in pages.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "exchange/federation/book.h"
#include "store/store.h"

namespace shieldwall::exchange::federation {

/// What will be written at once for several peers. Made, filled and written by one caller; a conflict with
/// another one means: begin again.
class OutboxBatch {
 public:
  explicit OutboxBatch(store::Records& records) : records_(records) {}

  /// Adds the delivery as the peer's next. The item is written once however many get it.
  ///   gives   its number
  Result<std::uint64_t> add(const OrganisationId& peer, Queued queued, std::string_view item);
  /// The writes of all that was added.
  std::vector<store::Write> take();
  const std::vector<OrganisationId>& peers() const { return touched_; }

 private:
  struct Open {
    Stand stand{};
    std::uint64_t revision = 0;
  };
  Result<Open*> open(const OrganisationId& peer);

  store::Records& records_;
  std::map<OrganisationId, Open> open_;
  std::set<std::string> items_;  // keys of those written
  Bytes last_item_{};            // many in a row mostly get the same
  Digest last_digest_{};         // of it
  std::vector<OrganisationId> touched_;
  std::vector<store::Write> writes_;
};

/// errors: corrupt
Result<Stand> out_stand(store::Records& records, const OrganisationId& peer);
Result<Stand> in_stand(store::Records& records, const OrganisationId& peer);
/// The newest acknowledgement that was kept; number 0 before any.
Result<Ack> kept_ack(store::Records& records, const OrganisationId& peer);

/// What follows number `after`, about `bytes_about` of it.
Result<Page> page_after(store::Records& records,
                        const OrganisationId& peer,
                        std::uint64_t after,
                        std::size_t bytes_about = page_bytes_about);

}  // namespace shieldwall::exchange::federation
