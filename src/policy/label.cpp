// The canonical binary form of a label, docs/formats/label.md.

#include "policy/label.h"

#include "policy/byte_form.h"
#include "policy/label_limits.h"

namespace shieldwall::policy {
namespace {

constexpr std::uint8_t label_version = 1;

enum Flag : std::uint8_t {
  has_originator_control = 1,
  is_discoverable = 2,
  has_realm = 4,
  has_persons = 8,
  has_embargo = 16,
  has_end = 32,
};

enum ClauseKind : std::uint8_t { clause_owner = 0, clause_alliance = 1, clause_circle = 2 };

std::uint8_t flags_of(const Label& label) {
  int flags = 0;
  if (label.originator_control) flags |= has_originator_control;
  if (label.discoverable) flags |= is_discoverable;
  if (!label.realm.is_nil()) flags |= has_realm;
  if (label.persons) flags |= has_persons;
  if (label.embargo != Timestamp::always()) flags |= has_embargo;
  if (label.end != Timestamp::never()) flags |= has_end;
  return static_cast<std::uint8_t>(flags);
}

std::uint8_t bits_of(const UseLimits& use) {
  const auto bit = [](Use limit, int place) { return limit == Use::must_not ? 1 << place : 0; };
  return static_cast<std::uint8_t>(bit(use.notify_affected, 0) | bit(use.attribute, 1) | bit(use.resell, 2) |
                                   bit(use.regulate, 3));
}

UseLimits use_of(std::uint8_t bits) {
  const auto limit = [bits](int place) { return (bits >> place & 1) != 0 ? Use::must_not : Use::may; };
  return {.notify_affected = limit(0), .attribute = limit(1), .resell = limit(2), .regulate = limit(3)};
}

template <typename List>
void write_count(ByteWriter& out, const List& list) {
  out.number(static_cast<std::uint32_t>(list.size()));
}

void write_clause(ByteWriter& out, const Clause& clause) {
  out.uuid(clause.owner.uuid);
  if (const auto* alliance = std::get_if<AllianceAudience>(&clause.inside)) {
    out.number(clause_alliance);
    out.uuid(alliance->alliance.uuid);
    out.number(alliance->roster_version);
    write_count(out, alliance->nations);
    for (const Nation& nation : alliance->nations) out.raw(nation.text());
    write_count(out, alliance->organisations);
    for (const OrganisationId& organisation : alliance->organisations) out.uuid(organisation.uuid);
  } else if (const auto* circle = std::get_if<CircleAudience>(&clause.inside)) {
    out.number(clause_circle);
    out.uuid(circle->circle.uuid);
    out.number(circle->membership_version);
  } else {
    out.number(clause_owner);
  }
}

Bytes write_label(const Label& label) {
  ByteWriter out;
  out.number(label_version);
  out.number(static_cast<std::uint8_t>(label.tlp));
  out.number(static_cast<std::uint8_t>(label.pap));
  out.number(bits_of(label.use));
  out.number(label.classification.scheme);
  out.number(label.classification.ordinal);
  out.number(flags_of(label));
  write_count(out, label.audience);
  for (const Clause& clause : label.audience) write_clause(out, clause);
  write_count(out, label.compartments);
  for (const CompartmentId& compartment : label.compartments) out.uuid(compartment.uuid);
  if (!label.realm.is_nil()) out.uuid(label.realm.uuid);
  if (label.persons) {
    write_count(out, *label.persons);
    for (const PersonKey& key : *label.persons) {
      out.uuid(key.organisation.uuid);
      out.uuid(key.person.uuid);
    }
  }
  if (label.embargo != Timestamp::always()) out.number(label.embargo.us);
  if (label.end != Timestamp::never()) out.number(label.end.us);
  return std::move(out).take();
}

template <typename T>
Done ascending(const ByteReader& in, const std::vector<T>& list) {
  if (!strictly_ascends(list))
    return in.refuse("the list before is not in ascending order, or names one thing twice");
  return {};
}

template <typename Tag>
Result<std::vector<Id<Tag>>> read_ids(ByteReader& in, std::size_t most) {
  std::vector<Id<Tag>> ids(TRY(in.count(most, 16)));
  for (auto& id : ids) id.uuid = TRY(in.uuid());
  TRY(ascending(in, ids));
  return ids;
}

Result<AllianceAudience> read_alliance(ByteReader& in) {
  AllianceAudience audience;
  audience.alliance.uuid = TRY(in.uuid());
  audience.roster_version = TRY(in.number<std::uint32_t>());
  audience.nations.resize(TRY(in.count(nations_max, 3)));
  for (Nation& nation : audience.nations) {
    const auto code = TRY(in.raw(3));
    nation = TRY(Nation::parse(code));
  }
  TRY(ascending(in, audience.nations));
  audience.organisations = TRY(read_ids<OrganisationTag>(in, organisations_max));
  if (audience.nations.empty() && audience.organisations.empty())
    return in.refuse("an audience that names nobody is written as the owner alone");
  return audience;
}

Result<Clause> read_clause(ByteReader& in) {
  Clause clause;
  clause.owner.uuid = TRY(in.uuid());
  switch (TRY(in.number<std::uint8_t>())) {
    case clause_owner:
      break;
    case clause_alliance:
      clause.inside = TRY(read_alliance(in));
      break;
    case clause_circle: {
      CircleAudience circle;
      circle.circle.uuid = TRY(in.uuid());
      circle.membership_version = TRY(in.number<std::uint32_t>());
      clause.inside = circle;
      break;
    }
    default:
      return in.refuse("no such kind of audience");
  }
  return clause;
}

Result<std::vector<PersonKey>> read_persons(ByteReader& in) {
  std::vector<PersonKey> persons(TRY(in.count(persons_max, 32)));
  for (PersonKey& key : persons) {
    key.organisation.uuid = TRY(in.uuid());
    key.person.uuid = TRY(in.uuid());
  }
  TRY(ascending(in, persons));
  return persons;
}

/// The fixed part: what every label says. Returns the flags that tell which of the rest follow.
Result<std::uint8_t> read_levels(ByteReader& in, Label& label) {
  if (TRY(in.number<std::uint8_t>()) != label_version)
    return in.refuse("a version this program does not know");
  const auto tlp = TRY(in.number<std::uint8_t>());
  const auto pap = TRY(in.number<std::uint8_t>());
  const auto use = TRY(in.number<std::uint8_t>());
  if (tlp > static_cast<std::uint8_t>(Tlp::red) || pap > static_cast<std::uint8_t>(Pap::red) || use > 0xf)
    return in.refuse("no such TLP, PAP or use limit");
  label.tlp = static_cast<Tlp>(tlp);
  label.pap = static_cast<Pap>(pap);
  label.use = use_of(use);
  label.classification.scheme = TRY(in.number<std::uint16_t>());
  label.classification.ordinal = TRY(in.number<std::uint8_t>());
  if (label.classification.scheme == 0 && label.classification.ordinal != 0)
    return in.refuse("a level without a scheme");
  const auto flags = TRY(in.number<std::uint8_t>());
  if (flags >= 64) return in.refuse("a flag this program does not know");
  label.originator_control = (flags & has_originator_control) != 0;
  label.discoverable = (flags & is_discoverable) != 0;
  return flags;
}

Result<Label> read_label(ByteReader& in) {
  Label label;
  const auto flags = TRY(read_levels(in, label));
  label.audience.resize(TRY(in.count(clauses_max, 17)));
  for (Clause& clause : label.audience) clause = TRY(read_clause(in));
  TRY(ascending(in, label.audience));
  label.compartments = TRY(read_ids<CompartmentTag>(in, compartments_max));
  if ((flags & has_realm) != 0) label.realm.uuid = TRY(in.uuid());
  if ((flags & has_persons) != 0) label.persons = TRY(read_persons(in));
  if ((flags & has_embargo) != 0) label.embargo.us = TRY(in.number<std::int64_t>());
  if ((flags & has_end) != 0) label.end.us = TRY(in.number<std::int64_t>());
  if (!is_writable(label.embargo, Timestamp::always()) || !is_writable(label.end, Timestamp::never()))
    return in.refuse("an instant outside the years 0000 to 9999");
  if (flags != flags_of(label)) return in.refuse("a part is written out that has its neutral value");
  return label;
}

}  // namespace

Bytes encode(const Label& label) {
  return write_label(canonical(label));
}

Result<Label> decode_label(std::string_view bytes) {
  ByteReader in(bytes, "label");
  if (bytes.size() > label_bytes_max) return in.refuse("longer than any label");
  auto label = TRY(read_label(in));
  TRY(in.finish());
  return label;
}

}  // namespace shieldwall::policy
