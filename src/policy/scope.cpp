#include "policy/scope.h"

#include "policy/byte_form.h"

namespace shieldwall::policy {
namespace {

void write_stays(ByteWriter& out, const std::vector<Stay>& stays) {
  out.number(static_cast<std::uint32_t>(stays.size()));
  for (const Stay& stay : stays) {
    out.number(stay.from);
    out.number(stay.to);
  }
}

void write_standing(ByteWriter& out, const Standing& standing) {
  out.uuid(standing.organisation.uuid);
  out.number(static_cast<std::uint32_t>(standing.alliances.size()));
  for (const AllianceStanding& alliance : standing.alliances) {
    out.uuid(alliance.alliance.uuid);
    out.raw(alliance.nation.text());
    out.number(alliance.known_version);
    write_stays(out, alliance.stays);
  }
  out.number(static_cast<std::uint32_t>(standing.circles.size()));
  for (const CircleStanding& circle : standing.circles) {
    out.uuid(circle.circle.uuid);
    out.number(circle.known_version);
    write_stays(out, circle.stays);
  }
}

template <typename Tag>
void write_ids(ByteWriter& out, const std::vector<Id<Tag>>& ids) {
  out.number(static_cast<std::uint32_t>(ids.size()));
  for (const auto& id : ids) out.uuid(id.uuid);
}

/// Everything may_see reads of a subject, in one unambiguous order of bytes.
Digest digest_of(const Subject& subject) {
  ByteWriter out;
  out.raw("subject");
  write_standing(out, subject.own);
  out.number(static_cast<std::uint32_t>(subject.patrons.size()));
  for (const Standing& patron : subject.patrons) write_standing(out, patron);
  out.number(static_cast<std::uint8_t>(subject.person.has_value()));
  out.uuid(subject.person.value_or(PersonId{}).uuid);
  write_ids(out, subject.compartments);
  out.number(static_cast<std::uint32_t>(subject.clearances.size()));
  for (const Clearance& clearance : subject.clearances) {
    out.number(clearance.scheme);
    out.number(clearance.ordinal);
  }
  write_ids(out, subject.exercises);
  return sha256(std::move(out).take());
}

}  // namespace

Scope Scope::of(Subject subject) {
  Scope scope;
  scope.subject_ = std::make_shared<const Subject>(sorted(std::move(subject)));
  scope.fingerprint_ = digest_of(*scope.subject_);
  return scope;
}

Scope Scope::everything(std::string_view reason) {
  Scope scope;
  scope.reason_ = reason;
  scope.fingerprint_ = sha256("everything");
  return scope;
}

bool Scope::sees(const Label& label, Timestamp now) const {
  return is_everything() || may_see(*subject_, label, now);
}

}  // namespace shieldwall::policy
