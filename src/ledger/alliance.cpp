#include "ledger/alliance.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/api_root.h"
#include "ledger/organisation.h"
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

bool signed_by(const SignedRoster& roster, const OrganisationId& who, const Roster& listed_in) {
  const auto* const member = policy::find_member(listed_in, who);
  if (member == nullptr) return false;
  const auto digest = policy::digest_of(roster.roster);
  for (const auto& one : roster.signatures)
    if (one.by == who)
      for (const auto& key : keys_for(*member, KeyUse::root))
        if (const auto verify_key = VerifyKey::from(key.key);
            verify_key && verifies(*verify_key, digest.view(), one.signature))
          return true;
  return false;
}

std::size_t founders_that_signed(const SignedRoster& roster, const Roster& listed_in) {
  return static_cast<std::size_t>(std::ranges::count_if(
      listed_in.founders, [&](const OrganisationId& one) { return signed_by(roster, one, listed_in); }));
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
        (!member || policy::find_member(roster, one.organisation) == nullptr))
      leave(circle, one.organisation);
  if (member)
    for (const auto& one : roster.members) enter(circle, one.organisation);
  if (row && circle.membership_version == version) return {};
  const auto writes = TRY(writes_of(records, circle, row ? &*row : nullptr));
  return records.write(writes);
}

Done check_against_kept(store::Records& records, const SignedRoster& next) {
  const auto kept = TRY(signed_rosters(records, next.roster.alliance, 0));
  for (const auto& one : kept)
    if (one.roster.version == next.roster.version)
      return one.roster == next.roster
                 ? Done{}
                 : Done(fail(ErrorCode::conflict,
                             "another roster is kept as version {} of {}: the founders forked it",
                             next.roster.version,
                             excerpt(next.roster.name)));
  if (kept.empty()) return verify(next, nullptr);
  const auto& last = kept.back().roster;
  if (next.roster.version != last.version + 1)
    return fail(ErrorCode::invalid, "version {} does not follow {}", next.roster.version, last.version);
  return verify(next, &last);
}

}  // namespace

void sign(SignedRoster& roster, const OrganisationId& by, const SigningKey& root) {
  std::erase_if(roster.signatures, [&](const RosterSignature& one) { return one.by == by; });
  roster.signatures.push_back({by, root.sign(policy::digest_of(roster.roster).view())});
  std::ranges::sort(roster.signatures);
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
  if (keys_for(old, KeyUse::root) != keys_for(now, KeyUse::root)) return false;
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
  const auto founders = founders_that_signed(next, authority);
  if (founders >= authority.founders_needed) return {};
  if (before != nullptr)
    for (const auto& one : next.signatures) {
      if (!signed_by(next, one.by, *before)) continue;
      if (policy::is_delegated(*before, next.roster, one.by)) return {};
      if (founders >= 1 && is_own_change(*before, next.roster, one.by)) return {};
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
  TRY(check_against_kept(records, roster));
  const store::Write writes[] = {{.table = signed_roster_table,
                                  .key = key_of(roster.roster.alliance, roster.roster.version),
                                  .value = encode(roster),
                                  .expected = std::nullopt}};
  TRY(records.write(writes));
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

std::vector<policy::MemberKey> keys_for(const RosterMember& member, KeyUse use) {
  std::vector<policy::MemberKey> keys;
  std::ranges::copy_if(
      member.keys, std::back_inserter(keys), [&](const policy::MemberKey& key) { return key.use == use; });
  return keys;
}

}  // namespace shieldwall::ledger
