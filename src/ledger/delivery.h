#pragma once
// What left by a door, and to whom: one entry for each answer (docs/formats/delivery.md). An entry is durable
// before the answer's first byte; the same answer to the same account again is counted, not listed.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "ledger/log/node_log.h"
#include "model/object.h"
#include "policy/released.h"

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

/// Where an entry stands in the node's log, and what opens the commitment there.
struct LogPlace {
  std::uint64_t index = 0;
  Bytes salt{};
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
  std::optional<LogPlace> logged{};          // nothing: it left before the node had a log
};

/// The RFC 6962 tree hash of the versions in that order, each leaf a version's own bytes, so that one version
/// can be shown to be in an answer without showing the others.
Digest root_of(std::span<const DeliveredVersion> versions);

/// The node's log, for every room: on the shelf of its services. Lives as long as the node.
struct LogOnShelf {
  NodeLog* log = nullptr;
};

/// What the log holds a commitment to: all of the entry but its list, for which the root stands.
Bytes content_of(const Delivery& delivery);

/// What NodeLog::Options::keep is for a node: writes delivery entries to Records, once each.
Done keep_openings(store::Records& records, std::span<const Opening> openings);

/// What a version is hashed as: its leaf in the tree of `root_of`.
Bytes leaf_of(const DeliveredVersion& delivered);
/// errors: invalid
Result<DeliveredVersion> read_leaf(std::string_view leaf);

/// Writes the entry, or counts it. Durable on return, but for the count: in the node's log, from where
/// `keep_openings` brings it to Records within the second; where there is no log, in Records at once.
///   errors  as Records and NodeLog
Done note_delivery(const api::Call& call,
                   std::string_view door,
                   const Digest& root,
                   std::span<const DeliveredVersion> versions);

/// What leaves by a door that has no caller: to members' nodes. Durable in the log in one append; the rows
/// follow as above. errors: as NodeLog
Done log_deliveries(NodeLog& log, std::span<const Delivery> deliveries, Random& random);

/// Counts an entry that this process wrote or found before.
///   errors  not_found: it does not remember; give the versions
Done count_delivery(const api::Call& call, std::string_view door, const Digest& root);

/// A released holding as an entry names it; its label is kept by noted_label.
Result<DeliveredVersion> delivered(const api::Call& call, const policy::Holding& holding);
/// Notes versions that leave by `door`; nothing where there are none.
Done note_delivery(const api::Call& call, std::string_view door, std::span<const DeliveredVersion> versions);

/// The digest of the label's canonical form, under which `Blobs` keeps that form, so that what an entry names
/// can be told later.
///   errors  as Blobs
Result<Digest> noted_label(api::Services& services, const policy::Label& label);

/// What left to an organisation, by account, door and root; to one account where `account` is not nil.
///   errors  exhausted: more than `most`
Result<std::vector<Delivery>> deliveries_to(store::Records& records,
                                            const OrganisationId& organisation,
                                            const AccountId& account,
                                            std::size_t most);

/// Every entry that names the object, of all organisations, oldest first.
///   errors  exhausted: more than `most`
Result<std::vector<Delivery>> deliveries_of(store::Records& records,
                                            const model::ObjectId& id,
                                            std::size_t most);

Bytes encode(const Delivery& delivery);
/// Under its organisation, account, door and root: in place of the row that stands there.
store::Write write_of(const Delivery& delivery);
/// errors: invalid
Result<Delivery> decode_delivery(std::string_view row);

}  // namespace shieldwall::ledger
