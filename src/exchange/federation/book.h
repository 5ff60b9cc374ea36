#pragma once
// The rows that a node of an alliance keeps of what it sent and took. Values; who writes them says when.
//
//   outbox_table     out/PEER             where the numbering of that pair stands
//                    queue/PEER/NUMBER    a delivery; item/TIME/DIGEST  its bytes, shared by all who get it
//                    carried/TIME/DIGEST  the same of what a relay carries for others
//                    ack/PEER             the newest acknowledgement, as the peer signed it
//   peer_table       in/PEER              how far this node took what the peer sent
//                    epoch/...            epoch keys made and received, sealed under the node's secret
//   statement_table  own/OBJECT/RELEASE   what this node released, to whom
//                    in/ORIGIN/RELEASE    what it took or refused: the evidence

#include <optional>
#include <string>
#include <vector>

#include "exchange/federation/envelope.h"
#include "exchange/federation/frames.h"
#include "policy/statement.h"

namespace shieldwall::exchange::federation {

/// Where one direction of a pair stands.
struct Stand {
  std::uint64_t last = 0;
  Digest chain{};
};

/// A delivery without its item.
struct Queued {
  Delivery delivery{};  // `item` empty
  Digest before{};      // chain before it
  Timestamp at{};
  std::string object{};  // id of what is inside; empty for keys and what is carried for others
  Digest statement{};
  Timestamp item_at = Timestamp::never();  // names the item's row, with its digest; never: `at`
  bool carried = false;                    // for others, by a relay: its item is forgotten in time
};

struct Recipient {
  OrganisationId organisation{};
  std::uint64_t number = 0;  // of the delivery that told it last
  bool has_lost = false;     // an amended label took it away from them
  auto operator<=>(const Recipient&) const = default;
};

/// What this node released: the newest statement of one release, and who was sent it.
struct OwnRelease {
  model::ObjectId object{};
  std::optional<CircleId> collection{};
  Digest content{};  // SHA-256 of the bytes as they left
  policy::SignedStatement statement{};
  Digest item{};
  Timestamp at{};
  Timestamp item_at{};  // names the item's row, with its digest
  bool recalled = false;
  std::vector<Recipient> recipients{};  // sorted
  Digest lost_item{};                   // the same statement without the object, for those who lost it
};

/// What this node took, or refused and keeps the evidence of.
struct TakenStatement {
  OrganisationId from{};  // whose node brought it
  std::uint64_t number = 0;
  Timestamp at{};
  Fate fate = Fate::taken;
  std::string reason{};
  std::optional<model::ObjectId> object{};  // in clear, of taken ones
  EnvelopeHeader header{};
  policy::SignedStatement statement{};
  std::optional<policy::VersionSecret> secret{};  // opens the commitment, of what was taken and is still held
};

Bytes encode(const Stand& stand);
Bytes encode(const Queued& queued);
Bytes encode(const OwnRelease& release);
Bytes encode(const TakenStatement& taken);
Result<Stand> decode_stand(std::string_view row);
Result<Queued> decode_queued(std::string_view row);
Result<OwnRelease> decode_own_release(std::string_view row);
Result<TakenStatement> decode_taken(std::string_view row);

std::string out_key(const OrganisationId& peer);
std::string queue_prefix(const OrganisationId& peer);
std::string queue_key(const OrganisationId& peer, std::uint64_t number);
/// By the time when it was made, so that items made together stand together on the disk and new ones behind
/// the others. Zero: of a version that named them by their digests alone.
std::string item_key(const Digest& digest, Timestamp item_at);
/// Of what is carried for others.
inline constexpr std::string_view carried_prefix = "carried/";
std::string carried_key(const Digest& digest, Timestamp item_at);
std::string item_key(const Queued& queued);
/// Of what the peer tells of that delivery to it.
std::string receipt_key(const OrganisationId& peer, std::uint64_t number);
std::string ack_key(const OrganisationId& peer);
std::string in_key(const OrganisationId& peer);
std::string own_prefix(const model::ObjectId& object);
std::string own_key(const model::ObjectId& object, const policy::ReleaseId& release);
std::string taken_prefix(const OrganisationId& origin);
std::string taken_key(const OrganisationId& origin, const policy::ReleaseId& release);

}  // namespace shieldwall::exchange::federation
