#pragma once
// A sighting without a name: sealed to the indicator's owner, brought to a relay, which forgets who brought
// it, mixes it with others for a while, and signs the sealed bytes. docs/formats/federation.md.
//
// The relay learns that a member sent something; the owner what was seen, and that one of its readers saw it.

#include <functional>

#include "api/call.h"
#include "exchange/federation/frames.h"
#include "exchange/federation/known.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

struct AnonymousSighting {
  AllianceId alliance{};
  OrganisationId to{};  // the indicator's owner
  model::ObjectId indicator{};
  Timestamp from{};  // of a bucket of time that is over
  Duration length{};
  std::uint64_t count = 0;
  auto operator<=>(const AnonymousSighting&) const = default;
};

inline constexpr std::size_t anonymous_bytes = 512;  // every one is as long, before it is sealed
inline constexpr std::size_t anonymous_item_bytes = anonymous_bytes + ledger::seal_bytes;
inline constexpr std::uint64_t anonymous_per_day = 1'000;         // that a relay takes of one member
inline constexpr Duration mix_min = minutes(5);                   // that a relay keeps them at least
inline constexpr Duration mix_spread = minutes(20);               // and at random up to as much longer
inline constexpr std::string_view anonymous_label = "anonymous";  // STIX `labels` of what becomes of it

Bytes encode(const AnonymousSighting& sighting);
/// Only canonical bytes are taken. errors: invalid
Result<AnonymousSighting> decode_anonymous_sighting(std::string_view bytes);

/// errors: invalid: not a key
Result<Bytes> seal(const AnonymousSighting& sighting, const policy::MemberKey& member);
/// errors: invalid
Result<AnonymousSighting> open_anonymous(std::string_view box, const ledger::NodeKeys& keys);

/// As the owner keeps it: a STIX 2.1 sighting that names no observer.
std::string sighting_text(const AnonymousSighting& sighting, const Uuid& id, Timestamp at);

/// Rows of peer_table with which a relay mixes: each box under a random name, and when they all go on.
inline constexpr std::string_view mix_prefix = "mix/";
inline constexpr std::string_view mix_due_key = "mixing";
store::Write mixed(const Delivery& delivery, Random& random);
struct Mixed {
  Digest to{};
  Bytes box{};
};
/// errors: corrupt
Result<Mixed> decode_mixed(std::string_view row);
/// Names the count of what a member gave to be mixed on a day, a ledger::DayCount.
std::string anonymous_count(const OrganisationId& member);

/// Brings what waits and is due to relays that speak version 3 of the protocol. Which relay, is random.
///   speaks  the version spoken with that node now; 0: unknown
///   gives   the nodes whose queues grew
Result<std::vector<OrganisationId>> send_anonymous(
    api::Services& services,
    const Known& known,
    const std::function<std::uint32_t(const OrganisationId&)>& speaks);

}  // namespace shieldwall::exchange::federation
