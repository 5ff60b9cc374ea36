// The canonical binary form of a roster, docs/formats/roster.md.

#include "policy/byte_form.h"
#include "policy/roster.h"
#include "policy/roster_limits.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t roster_version = 1;
constexpr std::string_view domain = "shieldwall/roster/v1";

void write_organisation(ByteWriter& out, const OrganisationId& id) {
  out.uuid(id.uuid);
}
Result<OrganisationId> read_organisation(ByteReader& in) {
  return OrganisationId{TRY(in.uuid())};
}

void write_level(ByteWriter& out, const Classification& level) {
  out.number(level.scheme);
  out.number(level.ordinal);
}
Result<Classification> read_level(ByteReader& in) {
  Classification level;
  level.scheme = TRY(in.number<std::uint16_t>());
  level.ordinal = TRY(in.number<std::uint8_t>());
  return level;
}

Result<Nation> read_nation(ByteReader& in) {
  const auto code = TRY(in.raw(3));
  return Nation::parse(code);
}

void write_key(ByteWriter& out, const MemberKey& key) {
  out.number(static_cast<std::uint8_t>(key.use));
  out.number(static_cast<std::uint8_t>(key.algorithm));
  out.counted(key.key);
}
Result<MemberKey> read_key(ByteReader& in) {
  MemberKey key;
  const auto use = TRY(in.number<std::uint8_t>());
  const auto algorithm = TRY(in.number<std::uint8_t>());
  if (use < 1 || use > static_cast<std::uint8_t>(KeyUse::look_up) || algorithm < 1 ||
      algorithm > static_cast<std::uint8_t>(Algorithm::ristretto255))
    return in.refuse("no such use or algorithm of a key");
  key.use = static_cast<KeyUse>(use);
  key.algorithm = static_cast<Algorithm>(algorithm);
  key.key = TRY(in.counted(key_bytes));
  return key;
}

void write_contact(ByteWriter& out, const Contact& contact) {
  out.counted(contact.name);
  out.counted(contact.address);
  out.number(static_cast<std::uint8_t>(contact.around_the_clock));
}
Result<Contact> read_contact(ByteReader& in) {
  Contact contact;
  contact.name = TRY(in.line(1, member_text_bytes_max));
  contact.address = TRY(in.line(1, address_bytes_max));
  contact.around_the_clock = TRY(in.flag());
  return contact;
}

void write_terms(ByteWriter& out, const AcceptedTerms& terms) {
  out.digest(terms.document);
  out.number(terms.accepted.us);
}
Result<AcceptedTerms> read_terms(ByteReader& in) {
  AcceptedTerms terms;
  terms.document = TRY(in.digest());
  terms.accepted.us = TRY(in.number<std::int64_t>());
  return terms;
}

void write_member(ByteWriter& out, const RosterMember& member) {
  out.uuid(member.organisation.uuid);
  out.counted(member.name);
  out.number(static_cast<std::uint8_t>(member.kind));
  out.counted(member.nation == Nation{} ? std::string_view() : member.nation.text());
  out.counted(member.host ? member.host->uuid.view() : std::string_view());
  out.list(member.clients, write_organisation);
  out.list(member.keys, write_key);
  out.list(member.pins, [](ByteWriter& to, const Digest& pin) { to.digest(pin); });
  out.list(member.contacts, write_contact);
  out.list(member.expertise, [](ByteWriter& to, const std::string& field) { to.counted(field); });
  out.list(member.terms, write_terms);
}

Done read_lists(ByteReader& in, RosterMember& member) {
  member.clients = TRY(in.ascending_list(clients_max, 16, read_organisation));
  member.keys = TRY(in.ascending_list(keys_max, 6, read_key));
  member.pins = TRY(in.ascending_list(pins_max, 32, [](ByteReader& from) { return from.digest(); }));
  member.contacts = TRY(in.ascending_list(contacts_max, 9, read_contact));
  member.expertise = TRY(in.ascending_list(
      expertise_max, 5, [](ByteReader& from) { return from.line(1, member_text_bytes_max); }));
  member.terms = TRY(in.ascending_list(terms_max, 40, read_terms));
  return {};
}

Result<RosterMember> read_member(ByteReader& in) {
  RosterMember member;
  member.organisation = TRY(read_organisation(in));
  member.name = TRY(in.line(1, member_text_bytes_max));
  const auto kind = TRY(in.number<std::uint8_t>());
  if (kind < 1 || kind > static_cast<std::uint8_t>(MemberKind::non_nation))
    return in.refuse("no such kind of member");
  member.kind = static_cast<MemberKind>(kind);
  const auto nation = TRY(in.counted(3));
  if (!nation.empty()) member.nation = TRY(Nation::parse(nation));
  const auto host = TRY(in.counted(16));
  if (!host.empty()) member.host = OrganisationId{TRY(Uuid::of_bytes(host))};
  TRY(read_lists(in, member));
  return member;
}

Result<Delegation> read_delegation(ByteReader& in) {
  Delegation delegation;
  delegation.nation = TRY(read_nation(in));
  delegation.to = TRY(read_organisation(in));
  return delegation;
}

Result<Equivalence> read_equivalence(ByteReader& in) {
  Equivalence equivalence;
  equivalence.held = TRY(read_level(in));
  equivalence.reached = TRY(read_level(in));
  return equivalence;
}

Done read_rules(ByteReader& in, Roster& roster) {
  roster.founders = TRY(in.ascending_list(founders_max, 16, read_organisation));
  roster.founders_needed = TRY(in.number<std::uint32_t>());
  roster.delegations = TRY(in.ascending_list(delegations_max, 19, read_delegation));
  roster.equivalences = TRY(in.ascending_list(equivalences_max, 6, read_equivalence));
  return {};
}

}  // namespace

Bytes encode(const Roster& given) {
  const Roster roster = canonical(given);
  ByteWriter out;
  out.number(roster_version);
  out.uuid(roster.alliance.uuid);
  out.counted(roster.name);
  out.number(roster.version);
  out.counted(roster.predecessor ? roster.predecessor->view() : std::string_view());
  out.list(roster.founders, write_organisation);
  out.number(roster.founders_needed);
  out.list(roster.delegations, [](ByteWriter& to, const Delegation& delegation) {
    to.raw(delegation.nation.text());
    to.uuid(delegation.to.uuid);
  });
  out.list(roster.equivalences, [](ByteWriter& to, const Equivalence& equivalence) {
    write_level(to, equivalence.held);
    write_level(to, equivalence.reached);
  });
  out.list(roster.members, [](ByteWriter& to, const RosterMember& member) {
    to.field([&](ByteWriter& inner) { write_member(inner, member); });
  });
  return std::move(out).take();
}

Result<Roster> decode_roster(std::string_view bytes) {
  ByteReader in(bytes, "roster");
  if (bytes.size() > roster_bytes_max)
    return fail(ErrorCode::exhausted, "a roster has at most {} bytes", roster_bytes_max);
  if (TRY(in.number<std::uint8_t>()) != roster_version)
    return in.refuse("a version this program does not know");
  Roster roster;
  roster.alliance.uuid = TRY(in.uuid());
  roster.name = TRY(in.line(1, member_text_bytes_max));
  roster.version = TRY(in.number<std::uint32_t>());
  const auto predecessor = TRY(in.counted(32));
  if (!predecessor.empty()) {
    ByteReader digest(predecessor, "roster's predecessor");
    roster.predecessor = TRY(digest.digest());
  }
  TRY(read_rules(in, roster));
  constexpr std::size_t member_bytes_min = 54;  // its length, id, empty lists
  roster.members = TRY(in.ascending_list(members_max, member_bytes_min, [](ByteReader& from) {
    return from.field(member_bytes_max, read_member);
  }));
  TRY(in.finish());
  TRY(check(roster));
  return roster;
}

Digest digest_of(const Roster& roster) {
  Sha256 hash;
  hash.add(domain);
  hash.add(encode(roster));
  return hash.finish();
}

}  // namespace shieldwall::policy
