#pragma once
// Deliveries as files, for members that no wire reaches: sealed to the member, signed, numbered as on the
// wire, one way. docs/formats/carried.md.

#include "exchange/federation/federation.h"
#include "exchange/federation/joining.h"

namespace shieldwall::exchange::federation {

inline constexpr std::size_t carried_bytes_max = 48u << 20;
inline constexpr std::size_t carried_bytes_least = 64u
                                                   << 10;  // of a wished size: rosters and some deliveries

/// What one file holds.
struct Carried {
  OrganisationId from{};
  OrganisationId to{};
  std::vector<ledger::SignedRoster> rosters{};  // every version of the alliances of both
  Page page{};
  auto operator<=>(const Carried&) const = default;
};

Bytes encode(const Carried& carried);
/// errors: invalid, exhausted
Result<Carried> decode_carried(std::string_view bytes);

/// One file, and where the next one goes on.
struct CarriedFile {
  Bytes bytes{};
  std::uint64_t first = 0;  // 0: no deliveries, rosters alone
  std::uint64_t last = 0;
  bool more = false;
};
/// The member's deliveries after `after` (nothing: after the last that was carried to it), about
/// `bytes_about` of them. Remembers how far it came.
///   errors  not_found: no such member
Result<CarriedFile> carry_out(Federation& federation,
                              const OrganisationId& member,
                              std::optional<std::uint64_t> after,
                              std::size_t bytes_about);

/// The last delivery that was written into a file for the member. Whether the file arrived, nothing tells.
Result<std::uint64_t> carried_up_to(store::Records& records, const OrganisationId& member);

struct CarriedIn {
  OrganisationId from{};
  std::string phrase{};  // of a first file: what both operators compare
  TakenPage taken{};
};
/// Takes a file. The first one of an alliance brings its roster: it is trusted when `phrase` is what the
/// other side's operator told.
///   errors  denied: sealed to another, not signed by a member, or another phrase; invalid: a gap, named
Result<CarriedIn> carry_in(Federation& federation, std::string_view file, std::string_view phrase);

/// What an operator without a wire gives to a founder to be enrolled.
Result<Bytes> enrolment_request(Federation& federation);
/// On the founder's side; the phrase goes back by voice.
struct Enrolled {
  ledger::SignedRoster roster{};
  OrganisationId member{};
  std::string phrase{};
  bool effective = false;  // else other founders sign first
};
Result<Enrolled> enrol(Federation& federation,
                       const ledger::SignedRoster& alliance,
                       std::string_view request);

}  // namespace shieldwall::exchange::federation
