#include "policy/subject_form.h"

#include "policy/byte_form.h"

namespace shieldwall::policy {

namespace {

constexpr std::string_view head = "subject";
constexpr std::size_t list_max = 100'000;  // circles and stays; far above what one organisation is inside of
constexpr std::size_t id_bytes = 16;
constexpr std::size_t stay_bytes = 8;

void write_stays(ByteWriter& out, const std::vector<Stay>& stays) {
  out.list(stays, [](ByteWriter& to, const Stay& stay) {
    to.number(stay.from);
    to.number(stay.to);
  });
}

void write_standing(ByteWriter& out, const Standing& standing) {
  out.uuid(standing.organisation.uuid);
  out.list(standing.alliances, [](ByteWriter& to, const AllianceStanding& alliance) {
    to.uuid(alliance.alliance.uuid);
    to.raw(alliance.nation.text());
    to.number(alliance.known_version);
    write_stays(to, alliance.stays);
  });
  out.list(standing.circles, [](ByteWriter& to, const CircleStanding& circle) {
    to.uuid(circle.circle.uuid);
    to.number(circle.known_version);
    write_stays(to, circle.stays);
  });
}

template <typename Tag>
void write_ids(ByteWriter& out, const std::vector<Id<Tag>>& ids) {
  out.list(ids, [](ByteWriter& to, const Id<Tag>& id) { to.uuid(id.uuid); });
}

/// A counted list, each element by `read()`.
template <typename T, typename Read>
Result<std::vector<T>> read_list(ByteReader& in, std::size_t entry_bytes, Read&& read) {
  const auto size = TRY(in.count(list_max, entry_bytes));
  std::vector<T> list;
  list.reserve(size);
  while (list.size() < size) {
    auto element = TRY(read());
    list.push_back(std::move(element));
  }
  return list;
}

Result<std::vector<Stay>> read_stays(ByteReader& in) {
  return read_list<Stay>(in, stay_bytes, [&]() -> Result<Stay> {
    Stay stay;
    stay.from = TRY(in.number<std::uint32_t>());
    stay.to = TRY(in.number<std::uint32_t>());
    return stay;
  });
}

Result<AllianceStanding> read_alliance(ByteReader& in) {
  AllianceStanding alliance;
  alliance.alliance.uuid = TRY(in.uuid());
  const auto nation = TRY(in.raw(alliance.nation.code.size()));
  std::ranges::copy(nation, alliance.nation.code.begin());
  alliance.known_version = TRY(in.number<std::uint32_t>());
  alliance.stays = TRY(read_stays(in));
  return alliance;
}

Result<CircleStanding> read_circle(ByteReader& in) {
  CircleStanding circle;
  circle.circle.uuid = TRY(in.uuid());
  circle.known_version = TRY(in.number<std::uint32_t>());
  circle.stays = TRY(read_stays(in));
  return circle;
}

Result<Standing> read_standing(ByteReader& in) {
  Standing standing;
  standing.organisation.uuid = TRY(in.uuid());
  standing.alliances = TRY(read_list<AllianceStanding>(in, id_bytes, [&] { return read_alliance(in); }));
  standing.circles = TRY(read_list<CircleStanding>(in, id_bytes, [&] { return read_circle(in); }));
  return standing;
}

template <typename T>
Result<std::vector<T>> read_ids(ByteReader& in) {
  return read_list<T>(in, id_bytes, [&]() -> Result<T> {
    const auto id = TRY(in.uuid());
    return T{id};
  });
}

Result<Clearance> read_clearance(ByteReader& in) {
  Clearance clearance;
  clearance.scheme = TRY(in.number<std::uint16_t>());
  clearance.ordinal = TRY(in.number<std::uint8_t>());
  return clearance;
}

}  // namespace

Bytes encode(const Subject& subject) {
  ByteWriter out;
  out.raw(head);
  write_standing(out, subject.own);
  out.list(subject.patrons, write_standing);
  out.number(static_cast<std::uint8_t>(subject.person.has_value()));
  out.uuid(subject.person.value_or(PersonId{}).uuid);
  write_ids(out, subject.compartments);
  out.list(subject.clearances, [](ByteWriter& to, const Clearance& clearance) {
    to.number(clearance.scheme);
    to.number(clearance.ordinal);
  });
  write_ids(out, subject.exercises);
  return std::move(out).take();
}

Result<Subject> decode_subject(std::string_view bytes) {
  ByteReader in(bytes, "a subject");
  if (TRY(in.raw(head.size())) != head) return in.refuse("not a subject");
  Subject subject;
  subject.own = TRY(read_standing(in));
  subject.patrons = TRY(read_list<Standing>(in, id_bytes, [&] { return read_standing(in); }));
  const bool has_person = TRY(in.flag());
  const auto person = TRY(in.uuid());
  if (has_person) subject.person = PersonId{person};
  subject.compartments = TRY(read_ids<CompartmentId>(in));
  subject.clearances = TRY(read_list<Clearance>(in, 3, [&] { return read_clearance(in); }));
  subject.exercises = TRY(read_ids<Realm>(in));
  TRY(in.finish());
  return subject;
}

}  // namespace shieldwall::policy
