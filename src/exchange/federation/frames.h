#pragma once
// What two nodes say to each other over the members' door: numbered deliveries one way, what became of them
// the other. docs/formats/federation.md.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/signing.h"
#include "ledger/alliance.h"

namespace shieldwall::exchange::federation {

inline constexpr std::uint32_t protocol_oldest = 1;  // the range of versions that this program speaks
inline constexpr std::uint32_t protocol_newest =
    4;  // 2: reconciliation; 3: anonymous sightings; 4: pages ahead

inline constexpr std::size_t page_bytes_max = 48u << 20;   // one envelope of the largest fits
inline constexpr std::size_t page_bytes_about = 4u << 20;  // a page is closed at; bounds what a peer keeps
inline constexpr std::size_t rosters_bytes_max = 64u << 20;  // of one answer
inline constexpr std::size_t page_deliveries_max = 4'096;
inline constexpr std::size_t alliances_max = 1'000;  // of one node

/// The newest roster that somebody knows.
struct RosterStand {
  AllianceId alliance{};
  std::uint32_t version = 0;
  auto operator<=>(const RosterStand&) const = default;
};

/// Said first, both ways. The newest version that both speak is spoken from then on.
struct Hello {
  std::uint32_t oldest = protocol_oldest;
  std::uint32_t newest = protocol_newest;
  OrganisationId organisation{};
  std::vector<RosterStand> rosters{};  // sorted by alliance
  auto operator<=>(const Hello&) const = default;
};
/// errors: invalid: no version in common; says both ranges
Result<std::uint32_t> version_for(const Hello& mine, const Hello& theirs);

enum class ItemKind : std::uint8_t {
  envelope = 1,
  epoch_key = 2,
  withdrawn = 3,  // was recalled before it was fetched: its digest keeps the chain whole
  receipt = 4,    // what became of what a relay brought, sealed to its origin
  anonymous = 5,  // a sighting whose bringer the relay forgets, sealed to the indicator's owner
};

/// One thing on its way from one member's node to another's.
struct Delivery {
  std::uint64_t number = 0;  // from 1, without a gap, for this pair in this direction
  ItemKind kind = ItemKind::envelope;
  Digest to{};      // key id of the organisation that it is for
  Digest digest{};  // SHA-256 of the item
  Bytes item{};     // nothing of a withdrawn one
  auto operator<=>(const Delivery&) const = default;
};

/// The chain over the deliveries of a pair: SHA-256 of the chain before, number, key id and item digest. Its
/// kind is left out, since an item may be withdrawn.
Digest chain_after(const Digest& before, const Delivery& delivery);

struct Page {
  std::vector<RosterStand> rosters{};
  Digest chain{};  // before the first delivery
  std::vector<Delivery> deliveries{};
  bool more = false;
  auto operator<=>(const Page&) const = default;
};

enum class Fate : std::uint8_t {
  taken = 1,
  refused = 2,   // by policy or because it does not verify; the reason says which
  recalled = 3,  // what the recall names is gone from here
  again = 4,     // past a relay alone: tell it once more, what kept it out is over; the reason is the release
};

/// What became of a delivery that was not simply taken.
struct Receipt {
  std::uint64_t number = 0;
  Fate fate = Fate::taken;
  Digest statement{};    // statement_digest; zero where none could be read
  std::string reason{};  // one line for people
  auto operator<=>(const Receipt&) const = default;
};
inline constexpr std::size_t reason_bytes_max = 512;

/// Everything up to `last` is durable here; signed by the receiver's statement key.
struct Ack {
  OrganisationId from{};  // who sent the deliveries
  OrganisationId by{};    // who took them
  std::uint64_t last = 0;
  Digest chain{};
  Timestamp at{};
  std::vector<Receipt> receipts{};  // sorted by number
  Signature signature{};
  auto operator<=>(const Ack&) const = default;
};
void sign(Ack& ack, const SigningKey& key);
bool verifies(const Ack& ack, const VerifyKey& key);

/// Asks for what follows `ack`; the answer is a Page.
struct Poll {
  std::vector<RosterStand> rosters{};
  std::uint32_t wait_ms = 0;  // how long the answer may wait for something to say
  Ack ack{};
  auto operator<=>(const Poll&) const = default;
};

Bytes encode(const Hello& hello);
Bytes encode(const Page& page);
Bytes encode(const Ack& ack);
Bytes encode(const Poll& poll);
/// Only canonical bytes are taken. errors: invalid, exhausted
Result<Hello> decode_hello(std::string_view bytes);
Result<Page> decode_page(std::string_view bytes);
Result<Ack> decode_ack(std::string_view bytes);
Result<Poll> decode_poll(std::string_view bytes);

/// Who asks to join: what it says of itself is a roster of one, signed by its own root, of an alliance whose
/// id is made from the invitation's code. So the code proves who was invited, and the signature is of no use
/// with another.
struct JoinRequest {
  Bytes code{};
  ledger::SignedRoster self{};
  auto operator<=>(const JoinRequest&) const = default;

  const policy::RosterMember& member() const { return self.roster.members.front(); }
};
JoinRequest make_join_request(std::string_view code,
                              const policy::RosterMember& member,
                              const SigningKey& root);
Bytes encode(const JoinRequest& request);
/// Verifies the signature by the one root key that the entry lists. errors: invalid, exhausted
Result<JoinRequest> decode_join_request(std::string_view bytes);

}  // namespace shieldwall::exchange::federation
