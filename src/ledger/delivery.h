#pragma once
// What left by a door, and to whom: one entry for each answer (docs/formats/delivery.md). An entry is durable
// before the answer's first byte; the same answer to the same account again is counted, not listed.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "model/object.h"

namespace shieldwall::ledger {

inline constexpr std::size_t delivered_max =
    10'000;  // versions of one answer: store::Objects::find gives no more

/// One version in an answer, as it left: a redacted observable under the id it was given for that.
struct DeliveredVersion {
  model::ObjectId id;
  model::Version version;
  Digest label;  // SHA-256 of the label's canonical form
  bool operator==(const DeliveredVersion&) const = default;
};

struct Delivery {
  OrganisationId organisation{};  // to whom
  AccountId account{};
  std::string name{};  // of the account, then
  std::string door{};  // "taxii", or "taxii https://host/...": what an own account fetched for another server
  Timestamp first{};   // when it left first
  Timestamp last{};    // and last, as far as it was counted
  std::uint64_t times = 1;                   // may lack the repeats of the last second before a crash
  Digest root{};                             // root_of(versions)
  std::vector<DeliveredVersion> versions{};  // in the order of the answer
};

/// The RFC 6962 tree hash of the versions in that order, each leaf a version's own bytes, so that one version
/// can be shown to be in an answer without showing the others.
Digest root_of(std::span<const DeliveredVersion> versions);

/// Writes the entry, or counts it. Durable on return, but for the count. errors: as Records
Done note_delivery(const api::Call& call,
                   std::string_view door,
                   const Digest& root,
                   std::span<const DeliveredVersion> versions);

/// Counts an entry that this process wrote or found before.
///   errors  not_found: it does not remember; give the versions
Done count_delivery(const api::Call& call, std::string_view door, const Digest& root);

/// What left to an organisation, by account, door and root; to one account where `account` is not nil.
///   errors  exhausted: more than `most`
Result<std::vector<Delivery>> deliveries_to(store::Records& records,
                                            const OrganisationId& organisation,
                                            const AccountId& account,
                                            std::size_t most);

Bytes encode(const Delivery& delivery);
/// errors: invalid
Result<Delivery> decode_delivery(std::string_view row);

}  // namespace shieldwall::ledger
