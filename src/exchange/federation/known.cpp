#include "exchange/federation/known.h"

#include <algorithm>

#include "ledger/organisation.h"
#include "ledger/rows.h"
#include "policy/byte_form.h"
#include "store/each_record.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view suspended_prefix = "suspended/";
constexpr std::string_view known_by_prefix = "known-by/";
constexpr std::size_t reason_max = 1'024;

Result<Suspension> decode_suspension(std::string_view row) {
  policy::ByteReader in(row, "suspension");
  Suspension suspension;
  suspension.member.uuid = TRY(in.uuid());
  suspension.at.us = TRY(in.number<std::int64_t>());
  suspension.reason = TRY(in.line(0, reason_max));
  suspension.from = TRY(in.number<std::uint64_t>());
  TRY(in.finish());
  return suspension;
}

std::string key_of(const OrganisationId& member) {
  return std::string(suspended_prefix) + member.text();
}

const policy::Roster* roster_of(const Known& known, const AllianceId& alliance) {
  const auto found = std::ranges::find_if(
      known.newest, [&](const ledger::SignedRoster& one) { return one.roster.alliance == alliance; });
  return found == known.newest.end() ? nullptr : &found->roster;
}

/// An alliance that does not list it any more, or is left, gives way to the next.
Done read_known_by(store::Records& records, Known& known) {
  std::map<OrganisationId, AllianceId> first;
  const auto note = [&](const store::Record& row) -> Done {
    const auto organisation = TRY(OrganisationId::parse(row.key.substr(known_by_prefix.size())));
    first.emplace(organisation, TRY(AllianceId::parse(row.value)));
    return {};
  };
  TRY(store::each_record(records, ledger::peer_table, known_by_prefix, 1'000, note));
  for (const auto& one : known.newest)
    for (const auto& member : one.roster.members) {
      const auto noted = first.find(member.organisation);
      const auto* const roster = noted == first.end() ? nullptr : roster_of(known, noted->second);
      const bool holds = roster != nullptr && policy::find_member(*roster, member.organisation) != nullptr;
      known.known_by.emplace(member.organisation, holds ? noted->second : one.roster.alliance);
    }
  return {};
}

std::vector<policy::MemberKey> statement_keys(const policy::Roster& roster, const OrganisationId& who) {
  const auto* const member = policy::find_member(roster, who);
  return member == nullptr ? std::vector<policy::MemberKey>()
                           : ledger::keys_for(*member, policy::KeyUse::statement);
}

/// Those of both.
std::vector<policy::MemberKey> common(const std::vector<policy::MemberKey>& one,
                                      const std::vector<policy::MemberKey>& other) {
  std::vector<policy::MemberKey> both;
  for (const auto& key : one)
    if (std::ranges::find(other, key) != other.end()) both.push_back(key);
  return both;
}

}  // namespace

std::vector<store::Write> writes_of_newly_known(const Known& known, const policy::Roster& roster) {
  std::vector<store::Write> writes;
  for (const auto& member : roster.members)
    if (!known.known_by.contains(member.organisation))
      writes.push_back({.table = ledger::peer_table,
                        .key = std::string(known_by_prefix) + member.organisation.text(),
                        .value = roster.alliance.text(),
                        .expected = std::nullopt});
  return writes;
}

store::Write write_of(const Suspension& suspension) {
  policy::ByteWriter out;
  out.uuid(suspension.member.uuid);
  out.number(suspension.at.us);
  out.counted(suspension.reason);
  out.number(suspension.from);
  return {.table = ledger::peer_table,
          .key = key_of(suspension.member),
          .value = std::move(out).take(),
          .expected = 0};
}

store::Write end_of_suspension(const OrganisationId& member) {
  return {
      .table = ledger::peer_table, .key = key_of(member), .value = std::nullopt, .expected = std::nullopt};
}

Result<Known> Known::read(store::Records& records, const OrganisationId& home) {
  Known known{.home = home};
  auto newest = TRY(ledger::newest_rosters(records));
  for (auto& one : newest) {
    if (policy::find_member(one.roster, home) == nullptr) continue;  // left, or removed
    auto versions = TRY(ledger::signed_rosters(records, one.roster.alliance, 0));
    for (auto& version : versions) known.all.push_back(std::move(version.roster));
    known.digests.push_back(policy::digest_of(one.roster));
    known.newest.push_back(std::move(one));
  }
  const auto rows = TRY(ledger::scan_rows(
      records, ledger::peer_table, suspended_prefix, decode_suspension, ledger::organisations_max));
  for (const auto& row : rows) known.suspended.emplace(row.value.member, row.value);
  TRY(read_known_by(records, known));
  for (const auto& organisation : known.others()) {
    const auto* const member = known.member(organisation);
    for (const auto& pin : member->pins) known.pins.emplace(pin, organisation);
    for (const auto& key : ledger::keys_for(*member, policy::KeyUse::sealing))
      known.sealing.emplace(policy::key_id(key), organisation);
  }
  for (const auto& key : known.keys(home, policy::KeyUse::sealing))
    known.sealing.emplace(policy::key_id(key), home);
  return known;
}

std::vector<RosterStand> Known::stands() const {
  std::vector<RosterStand> stands;
  for (const auto& one : newest) stands.push_back({one.roster.alliance, one.roster.version});
  return stands;
}

std::vector<RosterStand> Known::stands_for(const OrganisationId& peer) const {
  std::vector<RosterStand> stands;
  for (const auto& one : newest)
    if (policy::find_member(one.roster, peer) != nullptr)
      stands.push_back({one.roster.alliance, one.roster.version});
  return stands;
}

const policy::RosterMember* Known::member(const OrganisationId& organisation) const {
  const auto by = known_by.find(organisation);
  const auto* const roster = by == known_by.end() ? nullptr : roster_of(*this, by->second);
  return roster == nullptr ? nullptr : policy::find_member(*roster, organisation);
}

OrganisationId Known::node_of(const OrganisationId& organisation) const {
  const auto* const found = member(organisation);
  return found != nullptr && found->host ? *found->host : organisation;
}

OrganisationId Known::next_hop(const OrganisationId& organisation, const AllianceId& alliance) const {
  const auto node = node_of(organisation);
  const auto reachable = [](const policy::RosterMember* one) {
    return one != nullptr && ledger::node_address(*one).has_value();
  };
  if (reachable(member(node)) || reachable(member(home))) return node;
  const auto* const roster = roster_of(*this, alliance);
  if (roster == nullptr || policy::find_member(*roster, node) == nullptr) return node;
  auto waits_at = node;  // at a suspended relay until it is reinstated, rather: at the node nobody would ask
  for (const auto& candidate : roster->members) {
    if (!is_relay(candidate) || !reachable(member(candidate.organisation))) continue;
    if (!is_suspended(candidate.organisation)) return candidate.organisation;
    if (waits_at == node) waits_at = candidate.organisation;
  }
  return waits_at;
}

bool is_relay(const policy::RosterMember& member) {
  return std::ranges::find(member.expertise, relay_expertise) != member.expertise.end();
}

std::set<OrganisationId> Known::others() const {
  std::set<OrganisationId> found;
  for (const auto& one : newest)
    for (const auto& member : one.roster.members)
      if (member.organisation != home) found.insert(member.organisation);
  return found;
}

std::vector<policy::MemberKey> Known::retired_keys(const AllianceId& alliance,
                                                   const OrganisationId& organisation,
                                                   std::uint32_t version) const {
  std::vector<policy::MemberKey> retired;
  const policy::Roster* before = nullptr;
  for (const auto& roster : all) {  // by alliance, then version
    if (roster.alliance != alliance || roster.version < version) continue;
    if (before == nullptr) {
      if (roster.version == version) retired = statement_keys(roster, organisation);
    } else {
      const auto was = statement_keys(*before, organisation);
      const auto is = statement_keys(roster, organisation);
      // Where none of them stays, they went at once: with the member, or because they were lost.
      if (was != is && common(was, is).empty()) retired.clear();
    }
    before = &roster;
  }
  return retired;
}

std::vector<policy::MemberKey> Known::keys(const OrganisationId& organisation, policy::KeyUse use) const {
  const auto* const entry = member(organisation);
  return entry == nullptr ? std::vector<policy::MemberKey>() : ledger::keys_for(*entry, use);
}

}  // namespace shieldwall::exchange::federation
