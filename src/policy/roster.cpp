// What a roster must say, and how two versions of one differ.

#include "policy/roster.h"

#include <algorithm>

#include "policy/byte_form.h"
#include "policy/label_limits.h"
#include "policy/roster_limits.h"

namespace shieldwall::policy {
namespace {

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

void put_in_order(RosterMember& member) {
  sort_unique(member.clients);
  sort_unique(member.keys);
  sort_unique(member.pins);
  sort_unique(member.contacts);
  sort_unique(member.expertise);
  sort_unique(member.terms);
}

Done hold(std::string_view what, std::size_t count, std::size_t most) {
  if (count <= most) return {};
  return fail(ErrorCode::exhausted, "{}: {} are more than the {} a roster holds", what, count, most);
}

Done check_line(std::string_view what, std::string_view text, std::size_t most) {
  if (!text.empty() && text.size() <= most && is_line(text)) return {};
  return fail(ErrorCode::invalid, "{} is not one line of 1 to {} bytes of UTF-8", what, most);
}

template <typename T>
Done check_order(std::string_view what, const std::vector<T>& list) {
  if (strictly_ascends(list)) return {};
  return fail(ErrorCode::invalid, "{}: out of order, or one of them twice", what);
}

bool can_serve(KeyUse use, Algorithm algorithm) {
  switch (use) {
    case KeyUse::sealing:
      return algorithm == Algorithm::x25519;
    case KeyUse::look_up:
      return algorithm == Algorithm::ristretto255;
    default:
      return algorithm == Algorithm::ed25519;
  }
}

Done check_nation(const RosterMember& member) {
  const bool has_nation = member.nation != Nation{};
  if (has_nation) TRY(Nation::parse(member.nation.text()));
  if (member.kind == MemberKind::national && !has_nation)
    return fail(ErrorCode::invalid, "a national member names its nation");
  if (member.kind == MemberKind::non_nation && has_nation)
    return fail(ErrorCode::invalid, "a member of no nation names one");
  return {};
}

Done check_lists(const RosterMember& member) {
  TRY(hold("clients", member.clients.size(), clients_max));
  TRY(check_order("clients", member.clients));
  TRY(hold("keys", member.keys.size(), keys_max));
  TRY(check_order("keys", member.keys));
  TRY(hold("pins", member.pins.size(), pins_max));
  TRY(check_order("pins", member.pins));
  TRY(hold("contacts", member.contacts.size(), contacts_max));
  TRY(check_order("contacts", member.contacts));
  TRY(hold("expertise", member.expertise.size(), expertise_max));
  TRY(check_order("expertise", member.expertise));
  TRY(hold("terms", member.terms.size(), terms_max));
  return check_order("terms", member.terms);
}

Done check_member(const RosterMember& member) {
  if (member.organisation.is_nil()) return fail(ErrorCode::invalid, "an organisation's id is nil");
  TRY(check_line("the name", member.name, member_text_bytes_max));
  TRY(check_nation(member));
  TRY(check_lists(member));
  if (std::binary_search(member.clients.begin(), member.clients.end(), member.organisation))
    return fail(ErrorCode::invalid, "it is its own client");
  for (const MemberKey& key : member.keys)
    if (key.key.size() != key_bytes || !can_serve(key.use, key.algorithm))
      return fail(
          ErrorCode::invalid, "a key is not of {} bytes, or not of an algorithm for its use", key_bytes);
  for (const Contact& contact : member.contacts) {
    TRY(check_line("a contact's name", contact.name, member_text_bytes_max));
    TRY(check_line("a contact's address", contact.address, address_bytes_max));
  }
  for (const std::string& field : member.expertise)
    TRY(check_line("a field of expertise", field, member_text_bytes_max));
  for (const AcceptedTerms& terms : member.terms)
    if (!is_writable(terms.accepted, Timestamp{}))
      return fail(ErrorCode::invalid, "terms accepted outside the years 0000 to 9999");
  return {};
}

/// A host runs a node of its own: it is a member and nobody's guest.
Done check_host(const Roster& roster, const RosterMember& member) {
  if (!member.host) return {};
  const RosterMember* host = find_member(roster, *member.host);
  if (host == nullptr || host->host || host == &member)
    return fail(ErrorCode::invalid, "its host is no member that runs its own node");
  return {};
}

Done check_founders(const Roster& roster) {
  TRY(hold("founders", roster.founders.size(), founders_max));
  TRY(check_order("founders", roster.founders));
  for (const OrganisationId& founder : roster.founders)
    if (find_member(roster, founder) == nullptr)
      return fail(ErrorCode::invalid, "founder {} is no member", founder.text());
  if (roster.founders_needed < 1 || roster.founders_needed > roster.founders.size())
    return fail(ErrorCode::invalid, "a change needs between one and all of the founders");
  return {};
}

bool is_level(const Classification& level) {
  return level.scheme != 0 && level.scheme != classification_beyond_all.scheme;
}

Done check_rules(const Roster& roster) {
  TRY(check_founders(roster));
  TRY(hold("delegations", roster.delegations.size(), delegations_max));
  TRY(check_order("delegations", roster.delegations));
  for (const Delegation& delegation : roster.delegations) {
    TRY(Nation::parse(delegation.nation.text()));
    if (find_member(roster, delegation.to) == nullptr)
      return fail(ErrorCode::invalid, "enrolment is delegated to {}, no member", delegation.to.text());
  }
  TRY(hold("equivalences", roster.equivalences.size(), equivalences_max));
  TRY(check_order("equivalences", roster.equivalences));
  for (const Equivalence& equivalence : roster.equivalences)
    if (!is_level(equivalence.held) || !is_level(equivalence.reached))
      return fail(ErrorCode::invalid, "an equivalence names a level of no scheme");
  return {};
}

}  // namespace

Digest key_id(const MemberKey& key) {
  Sha256 hash;
  const char algorithm = static_cast<char>(key.algorithm);
  hash.add({&algorithm, 1});
  hash.add(key.key);
  return hash.finish();
}

Roster canonical(Roster roster) {
  sort_unique(roster.founders);
  sort_unique(roster.delegations);
  sort_unique(roster.equivalences);
  for (RosterMember& member : roster.members) put_in_order(member);
  sort_unique(roster.members);
  return roster;
}

Done check(const Roster& roster) {
  if (roster.alliance.is_nil()) return fail(ErrorCode::invalid, "the alliance's id is nil");
  TRY(check_line("the alliance's name", roster.name, member_text_bytes_max));
  if (roster.version == 0 || roster.version == UINT32_MAX)
    return fail(ErrorCode::invalid, "versions are counted from 1");
  if (roster.predecessor.has_value() != (roster.version > 1))
    return fail(ErrorCode::invalid, "every version but the first names its predecessor");
  TRY(hold("members", roster.members.size(), members_max));
  const auto by_organisation = [](const RosterMember& a, const RosterMember& b) {
    return !(a.organisation < b.organisation);
  };
  if (std::adjacent_find(roster.members.begin(), roster.members.end(), by_organisation) !=
      roster.members.end())
    return fail(ErrorCode::invalid, "members: out of order, or one of them twice");
  for (const RosterMember& member : roster.members) {
    auto done = check_member(member);
    if (done) done = check_host(roster, member);
    if (!done) return fail(std::move(done).error().within("member " + member.organisation.text()));
  }
  return check_rules(roster);
}

const RosterMember* find_member(const Roster& roster, const OrganisationId& organisation) {
  const auto place = std::lower_bound(
      roster.members.begin(),
      roster.members.end(),
      organisation,
      [](const RosterMember& member, const OrganisationId& id) { return member.organisation < id; });
  return place != roster.members.end() && place->organisation == organisation ? &*place : nullptr;
}

RosterDifference difference(const Roster& before, const Roster& after) {
  RosterDifference found;
  for (const RosterMember& member : before.members) {
    const RosterMember* now = find_member(after, member.organisation);
    if (now == nullptr) found.removed.push_back(member.organisation);
    if (now != nullptr && *now != member) found.changed.push_back(member.organisation);
  }
  for (const RosterMember& member : after.members)
    if (find_member(before, member.organisation) == nullptr) found.added.push_back(member.organisation);
  found.rules = before.alliance != after.alliance || before.name != after.name ||
                before.founders != after.founders || before.founders_needed != after.founders_needed ||
                before.delegations != after.delegations || before.equivalences != after.equivalences;
  return found;
}

Done check_successor(const Roster& before, const Roster& after) {
  if (before.alliance != after.alliance) return fail(ErrorCode::invalid, "the roster is of another alliance");
  if (after.version != before.version + 1)
    return fail(ErrorCode::invalid, "version {} does not follow version {}", after.version, before.version);
  if (after.predecessor != digest_of(before))
    return fail(ErrorCode::invalid, "version {} names another predecessor", after.version);
  return {};
}

bool is_delegated(const Roster& before, const Roster& after, const OrganisationId& delegate) {
  const RosterDifference found = difference(before, after);
  if (found.rules) return false;
  const auto speaks_for = [&](const Roster& roster, const OrganisationId& organisation) {
    const RosterMember* member = find_member(roster, organisation);
    return member != nullptr && member->kind == MemberKind::national &&
           std::binary_search(before.delegations.begin(),
                              before.delegations.end(),
                              Delegation{.nation = member->nation, .to = delegate});
  };
  const auto is_above = [&](const OrganisationId& organisation) {
    return organisation == delegate ||
           std::binary_search(before.founders.begin(), before.founders.end(), organisation);
  };
  const auto all = [](const std::vector<OrganisationId>& list, const auto& holds) {
    return std::all_of(list.begin(), list.end(), holds);
  };
  return all(found.added, [&](const auto& id) { return speaks_for(after, id); }) &&
         all(found.removed, [&](const auto& id) { return speaks_for(before, id) && !is_above(id); }) &&
         all(found.changed, [&](const auto& id) {
           return speaks_for(before, id) && speaks_for(after, id) && !is_above(id);
         });
}

}  // namespace shieldwall::policy
