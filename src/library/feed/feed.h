#pragma once
// Control feeds: what firewalls, resolvers and sensors fetch to block or to watch for. Each is a query with
// an address and a token of its own; what it gives is decided anew at each fetch, behind a brake.

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "ledger/row.h"
#include "library/feed/format.h"
#include "library/feed/guard.h"

namespace shieldwall::library::feed {

struct Feed {
  FeedId id{};
  OrganisationId organisation{};  // whose it is: it gives what this organisation's service may see
  std::string name{};             // letters, digits and '_': sets and tables are named so
  Format format = Format::plain;
  Demand demand{};
  std::optional<CircleId> circle{};
  std::vector<std::string> labels{};      // the STIX property `labels`: any of these
  std::vector<OrganisationId> trusted{};  // whose indicators may block at once, beside the own
  bool trusts_all = false;
  std::uint64_t hold_above = 1000;  // values that one change may bring or take; more is held for a person
  Digest token{};                   // SHA-256 of the control's token, which has 256 bits
  Timestamp created{};
};

/// One value of a feed, and why it is there.
struct Value {
  Line line{};
  model::ObjectId indicator;  // the first that names it
  OrganisationId from{};      // whose it is
  Timestamp until = Timestamp::never();
  std::uint64_t serial = 0;  // of the feed, when it came
  Timestamp since{};
};

/// What a feed gives now.
struct State {
  std::uint64_t serial = 0;
  Timestamp changed{};
  Digest values{};  // blob of encode_values; nil before the first
  struct Earlier {
    std::uint64_t serial = 0;
    Digest values{};
  };
  std::vector<Earlier> earlier{};  // for those who fetch changes; newest last
  struct Held {
    Timestamp at{};
    std::uint64_t come = 0, gone = 0;
  };
  std::optional<Held> held{};  // a change that waits for a person
};
inline constexpr std::size_t earlier_kept = 8;
inline constexpr std::size_t values_max = 1'000'000;  // of one feed
inline constexpr int feeds_max = 1'000;               // of one organisation

std::string encode(const Feed& feed);
Result<Feed> decode_feed(std::string_view row);
std::string encode(const State& state);
Result<State> decode_state(std::string_view row);
std::string encode_values(const std::vector<Value>& values);
Result<std::vector<Value>> decode_values(std::string_view text);

/// errors: invalid: the name or format; conflict: another has the name
Done create(store::Store& store, const Feed& feed);
Result<std::vector<ledger::Row<Feed>>> list(store::Records& records, const OrganisationId& organisation);
/// By id or name. errors: not_found
Result<Feed> named(store::Records& records, const OrganisationId& organisation, std::string_view id_or_name);
/// errors: not_found
Result<Feed> by_id(store::Records& records, std::string_view id);
Result<State> state_of(store::Records& records, const Feed& feed);

/// What the organisation never blocks: its own list and its warning lists.
struct Never {
  model::CanonicalValue value;
  std::string why{};
  Timestamp at{};
};
Done never_block(store::Store& store, const OrganisationId& organisation, const Never& never);
/// errors: not_found
Done allow_again(store::Store& store, const OrganisationId& organisation, const model::CanonicalValue& value);
Result<std::vector<Never>> never_list(store::Records& records, const OrganisationId& organisation);
Done keep_warning_list(store::Store& store, const OrganisationId& organisation, const WarningList& list);
Result<Guard> guard_of(store::Store& store, const OrganisationId& organisation);

/// Decides what the feed gives now and keeps it. A change above the brake is held: then only what expired or
/// must not be blocked goes. `releasing`: a person looked and lets it pass.
///   errors  as the store; exhausted: over values_max
struct Current {
  State state{};
  std::vector<Value> values{};              // sorted by line
  std::vector<policy::Holding> holdings{};  // of the indicators that they are from, for the delivery entry
};
enum class Brake : bool { on, released };
Result<Current> refresh(
    api::Services& services, const Feed& feed, Timestamp now, Deadline deadline, Brake brake = Brake::on);

/// When the control fetched which serial first.
Done note_fetch(store::Records& records, const Feed& feed, std::uint64_t serial, Timestamp now);
/// The first fetch that gave `serial` or a later one.
Result<std::optional<Timestamp>> fetched_first(store::Records& records,
                                               const Feed& feed,
                                               std::uint64_t serial);

}  // namespace shieldwall::library::feed
