#include "ledger/alliance.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/api_root.h"
#include "ledger/organisation.h"
#include "ledger/proposal.h"
#include "ledger/rows.h"
#include "ledger/subject.h"
#include "policy/byte_form.h"
#include "policy/roster_limits.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;
using policy::KeyUse;
using policy::Roster;
using policy::RosterMember;

constexpr std::uint8_t form_version = 1;
constexpr std::string_view node_contact = "node";  // the contact that is no person but the node itself
constexpr std::string_view node_scheme = "https://";

std::string key_of(const AllianceId& alliance, std::uint32_t version) {
  return fmt::format("{}/{:010}", alliance.text(), version);
}

constexpr std::size_t signature_bytes = sizeof(Signature::bytes);
constexpr std::size_t signature_entry_bytes = 16 + signature_bytes;

Result<RosterSignature> read_signature(ByteReader& in) {
  const auto by = TRY(in.uuid());
  const auto bytes = TRY(in.raw(signature_bytes));
  const auto signature = TRY(Signature::from(bytes));
  return RosterSignature{OrganisationId{by}, signature};
}

/// What the node knows an organisation by, from the roster; what is hosted here stays as it is.
Done keep_organisation(store::Records& records, const RosterMember& member) {
  Organisation organisation{
      .id = member.organisation, .name = member.name, .identity = identity_of(member.organisation)};
  if (member.nation != policy::Nation{}) organisation.nation = member.nation;
  std::uint64_t revision = 0;
  const auto row = read_organisation(records, member.organisation);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row) {
    if (row->value.hosted ||
        (row->value.name == organisation.name && row->value.nation == organisation.nation))
      return {};
    organisation.identity = row->value.identity;
    organisation.patrons = row->value.patrons;
    revision = row->revision;
  }
  const auto write = TRY(write_of(organisation, revision));
  return records.write({&write, 1});
}

/// "Northern shield" is "northern-shield": what a person types for the circle.
std::string alias_of(std::string_view name) {
  std::string alias;
  for (const char c : to_lower_ascii(name))
    alias += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  return alias;
}

Result<std::string> default_root(store::Records& records) {
  for (const auto& row : TRY(list_api_roots(records)))
    if (row.value.is_default) return row.value.name;
  return std::string();
}

Result<Circle> new_circle(store::Records& records,
                          const OrganisationId& home,
                          const Roster& roster,
                          Timestamp now) {
  Circle circle{.id = circle_of(roster.alliance, home), .owner = home, .title = roster.name, .created = now};
  circle.description = "all members of the alliance " + roster.name;
  circle.alias = alias_of(roster.name);
  circle.api_root = TRY(default_root(records));
  if (circle_by_name(records, home, circle.alias)) circle.alias += "-" + roster.alliance.text().substr(0, 8);
  return circle;
}

bool reads(const Roster& roster, const OrganisationId& organisation) {
  const auto* const entry = policy::find_member(roster, organisation);
  return entry != nullptr && !is_hub(*entry);
}

/// Members enter and leave the alliance's circle as the roster says.
Done keep_circle(store::Records& records, const OrganisationId& home, const Roster& roster, Timestamp now) {
  const auto row = read_circle(records, circle_of(roster.alliance, home));
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  Circle circle;
  if (row)
    circle = row->value;
  else
    circle = TRY(new_circle(records, home, roster, now));
  const auto version = circle.membership_version;
  const bool member = policy::find_member(roster, home) != nullptr;
  const auto before = circle.members;
  for (const auto& one : before)
    if (is_inside(circle, one.organisation) && one.organisation != home &&
        (!member || !reads(roster, one.organisation)))
      leave(circle, one.organisation);
  if (member)
    for (const auto& one : roster.members)
      if (one.organisation == home || !is_hub(one)) enter(circle, one.organisation);
  if (row && circle.membership_version == version) return {};
  const auto writes = TRY(writes_of(records, circle, row ? &*row : nullptr));
  return records.write(writes);
}

/// What a roster is to those kept.
enum class Place { follows, kept, replaces };

/// Two of one version: which counts. The founders whose names stand under both are named.
Result<Place> place_beside(const std::vector<SignedRoster>& kept, std::size_t at, const SignedRoster& next) {
  const auto& here = kept[at].roster;
  if (here == next.roster) return Place::kept;
  if (at == 0 || kept.back().roster.version - here.version >= fork_versions_max)
    return fail(ErrorCode::conflict,
                "another roster is kept as version {} of {}: the founders forked it, and have to settle it",
                here.version,
                excerpt(here.name));
  TRY(verify(next, &kept[at - 1].roster));
  if (goes_before(next.roster, here)) return Place::replaces;
  return fail(ErrorCode::conflict,
              "another roster counts as version {} of {}: of two that the founders signed, the one of the "
              "lower digest",
              here.version,
              excerpt(here.name));
}

Result<Place> place_of(const std::vector<SignedRoster>& kept, const SignedRoster& next) {
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i].roster.version == next.roster.version) return place_beside(kept, i, next);
  if (kept.empty()) {
    TRY(verify(next, nullptr));
    return Place::follows;
  }
  if (next.roster.version < kept.front().roster.version) return Place::kept;  // from before this node's time
  const auto& last = kept.back().roster;
  if (next.roster.version != last.version + 1)
    return fail(ErrorCode::invalid, "version {} does not follow {}", next.roster.version, last.version);
  TRY(verify(next, &last));
  return Place::follows;
}

/// Everything from that version on makes room; each stays as evidence of the fork. After a crash the node
/// stands at the version before, and is told the rest again.
Done give_way(store::Records& records, const std::vector<SignedRoster>& kept, std::uint32_t version) {
  std::vector<store::Write> writes;
  for (const auto& one : kept) {
    if (one.roster.version < version) continue;
    const auto key = key_of(one.roster.alliance, one.roster.version);
    writes.push_back({.table = peer_table,
                      .key = fmt::format("fork/{}/{}", key, policy::digest_of(one.roster).hex()),
                      .value = encode(one),
                      .expected = std::nullopt});
    for (const auto table : {signed_roster_table, store::Table::roster})
      writes.push_back({.table = table, .key = key, .value = std::nullopt, .expected = std::nullopt});
  }
  return records.write(writes);
}

/// A root that goes does not decide that it is the other that goes: whoever signs keeps the key it signs
/// with.
bool keeps_its_root(const SignedRoster& next, const OrganisationId& who) {
  return policy::find_member(next.roster, who) == nullptr || is_signed_by(next, who, next.roster);
}

}  // namespace

void sign(SignedRoster& roster, const OrganisationId& by, const SigningKey& root) {
  std::erase_if(roster.signatures, [&](const RosterSignature& one) { return one.by == by; });
  roster.signatures.push_back({by, root.sign(policy::digest_of(roster.roster).view())});
  std::ranges::sort(roster.signatures);
}

const SigningKey& root_listed(const NodeKeys& keys, const Roster& version, const OrganisationId& who) {
  const auto* const member = policy::find_member(version, who);
  if (member == nullptr) return keys.root;
  const auto listed = keys_for(*member, KeyUse::root);
  const auto is_listed = [&](const SigningKey& root) {
    return std::ranges::any_of(
        listed, [&](const policy::MemberKey& key) { return key.key == root.verify_key().view(); });
  };
  if (is_listed(keys.root)) return keys.root;
  for (const auto& root : keys.replaced.root)
    if (is_listed(root)) return root;
  return keys.root;
}

bool is_own_change(const Roster& before, const Roster& after, const OrganisationId& who) {
  const auto differs = policy::difference(before, after);
  if (differs.rules || !differs.added.empty()) return false;
  const std::vector<OrganisationId> only = {who};
  if (differs.removed == only && differs.changed.empty())
    return std::ranges::find(before.founders, who) == before.founders.end();
  if (!differs.removed.empty() || differs.changed != only) return false;
  auto old = *policy::find_member(before, who);
  auto now = *policy::find_member(after, who);
  const auto roots = keys_for(now, KeyUse::root);
  if (roots.empty() || !std::ranges::includes(keys_for(old, KeyUse::root), roots)) return false;
  for (auto* one : {&old, &now}) {
    one->keys.clear();
    one->pins.clear();
    one->contacts.clear();
    one->expertise.clear();
  }
  return old == now;
}

Done verify(const SignedRoster& next, const Roster* before) {
  TRY(policy::check(next.roster));
  const auto& authority = before == nullptr ? next.roster : *before;
  if (before != nullptr) TRY(policy::check_successor(*before, next.roster));
  const auto founders = founders_that_signed(next, authority).size();
  if (founders >= authority.founders_needed) return {};
  if (before != nullptr)
    for (const auto& one : next.signatures) {
      if (!is_signed_by(next, one.by, *before)) continue;
      if (policy::is_delegated(*before, next.roster, one.by)) return {};
      if (founders >= 1 && is_own_change(*before, next.roster, one.by) && keeps_its_root(next, one.by))
        return {};
    }
  return fail(ErrorCode::invalid,
              "roster version {} is signed by {} founders; {} are needed",
              next.roster.version,
              founders,
              authority.founders_needed);
}

Bytes encode(const SignedRoster& roster) {
  ByteWriter out;
  out.number(form_version);
  out.counted(policy::encode(roster.roster));
  out.list(roster.signatures, [](ByteWriter& to, const RosterSignature& one) {
    to.uuid(one.by.uuid);
    to.raw(one.signature.view());
  });
  return std::move(out).take();
}

Result<SignedRoster> decode_signed_roster(std::string_view bytes) {
  ByteReader in(bytes, "signed roster");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  SignedRoster read;
  const auto roster = TRY(in.counted(policy::roster_bytes_max));
  read.roster = TRY(policy::decode_roster(roster));
  read.signatures = TRY(in.ascending_list(policy::founders_max, signature_entry_bytes, read_signature));
  TRY(in.finish());
  return read;
}

Done keep_signed_roster(store::Store& store,
                        const OrganisationId& home,
                        const SignedRoster& roster,
                        Timestamp now) {
  auto& records = store.records();
  const auto kept = TRY(signed_rosters(records, roster.roster.alliance, 0));
  const auto place = TRY(place_of(kept, roster));
  if (place == Place::kept && roster.roster.version != kept.back().roster.version) return {};
  if (place == Place::replaces) TRY(give_way(records, kept, roster.roster.version));
  if (place != Place::kept) {
    const store::Write write{.table = signed_roster_table,
                             .key = key_of(roster.roster.alliance, roster.roster.version),
                             .value = encode(roster),
                             .expected = 0};
    TRY(records.write({&write, 1}));
  }
  // Each step below is done again by the next call after a crash.
  for (const auto& member : roster.roster.members) TRY(keep_organisation(records, member));
  TRY(keep_roster(records, roster.roster));
  return keep_circle(records, home, roster.roster, now);
}

Result<std::vector<SignedRoster>> signed_rosters(store::Records& records,
                                                 const AllianceId& alliance,
                                                 std::uint32_t after) {
  std::vector<SignedRoster> rosters;
  auto rows =
      TRY(scan_rows(records, signed_roster_table, alliance.text() + "/", decode_signed_roster, rosters_max));
  for (auto& row : rows)
    if (row.value.roster.version > after) rosters.push_back(std::move(row.value));
  return rosters;
}

Result<std::vector<SignedRoster>> chain_of(store::Records& records,
                                           const AllianceId& alliance,
                                           std::uint32_t at_most) {
  auto kept = TRY(signed_rosters(records, alliance, 0));
  std::size_t from = 0;
  for (std::size_t i = 0; i < kept.size() && kept[i].roster.version <= at_most; ++i)
    if (verify(kept[i], nullptr)) from = i;
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(from));
  return kept;
}

Result<std::vector<SignedRoster>> newest_rosters(store::Records& records) {
  std::vector<SignedRoster> newest;
  auto rows = TRY(scan_rows(records, signed_roster_table, "", decode_signed_roster, rosters_max));
  for (auto& row : rows) {
    if (newest.empty() || newest.back().roster.alliance != row.value.roster.alliance) newest.emplace_back();
    newest.back() = std::move(row.value);
  }
  return newest;
}

Result<SignedRoster> alliance_named(store::Records& records, std::string_view id_or_name) {
  std::optional<SignedRoster> found;
  auto all = TRY(newest_rosters(records));
  for (auto& one : all) {
    if (one.roster.alliance.text() != id_or_name && !equal_ignoring_case(one.roster.name, id_or_name))
      continue;
    if (found)
      return fail(ErrorCode::conflict, "two alliances are named '{}'; give the id", excerpt(id_or_name));
    found = std::move(one);
  }
  if (!found) return fail(ErrorCode::not_found, "no alliance '{}' is known here", excerpt(id_or_name));
  return std::move(*found);
}

CircleId circle_of(const AllianceId& alliance, const OrganisationId& home) {
  return CircleId{Uuid::named(alliance.uuid, "circle of " + home.text())};
}

std::optional<std::string> node_address(const RosterMember& member) {
  for (const auto& contact : member.contacts)
    if (contact.name == node_contact && contact.address.starts_with(node_scheme))
      return contact.address.substr(node_scheme.size());
  return std::nullopt;
}

void set_node_address(RosterMember& member, std::string_view host_and_port) {
  std::erase_if(member.contacts, [](const policy::Contact& one) { return one.name == node_contact; });
  if (!host_and_port.empty())
    member.contacts.push_back({.name = std::string(node_contact),
                               .address = std::string(node_scheme) + std::string(host_and_port),
                               .around_the_clock = true});
}

bool is_hub(const RosterMember& member) {
  return std::ranges::find(member.expertise, hub_expertise) != member.expertise.end();
}

std::vector<policy::MemberKey> keys_for(const RosterMember& member, KeyUse use) {
  std::vector<policy::MemberKey> keys;
  std::ranges::copy_if(
      member.keys, std::back_inserter(keys), [&](const policy::MemberKey& key) { return key.use == use; });
  return keys;
}

}  // namespace shieldwall::ledger
