#include "ledger/anonymous.h"

#include <algorithm>

#include "ledger/circle.h"
#include "ledger/instant_key.h"
#include "policy/byte_form.h"
#include "policy/membership.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::uint8_t row_version = 3;  // 1 did not say whose it is, 2 not by which circle
constexpr std::size_t id_bytes_max = 512;

const policy::AllianceAudience* audience_in(const policy::Label& label, const OrganisationId& owner) {
  for (const auto& clause : label.audience)
    if (clause.owner == owner)
      if (const auto* const found = std::get_if<policy::AllianceAudience>(&clause.inside)) return found;
  return nullptr;
}

}  // namespace

Bytes encode(const AnonymousCount& count) {
  ByteWriter out;
  out.number(row_version);
  out.uuid(count.alliance.uuid);
  out.uuid(count.owner.uuid);
  out.counted(count.indicator.text());
  out.number(count.from.us);
  out.number(count.length.us);
  out.number(count.count);
  out.uuid(count.seer.uuid);
  out.uuid(count.circle.uuid);
  return std::move(out).take();
}

Result<AnonymousCount> decode_anonymous_count(std::string_view row) {
  ByteReader in(row, "anonymous count");
  const auto version = TRY(in.number<std::uint8_t>());
  if (version == 0 || version > row_version) return in.refuse("a version this program does not know");
  AnonymousCount count;
  count.alliance.uuid = TRY(in.uuid());
  count.owner.uuid = TRY(in.uuid());
  const auto indicator = TRY(in.line(1, id_bytes_max));
  count.indicator = TRY(model::ObjectId::parse(indicator));
  count.from.us = TRY(in.number<std::int64_t>());
  count.length.us = TRY(in.number<std::int64_t>());
  count.count = TRY(in.number<std::uint64_t>());
  if (version > 1) count.seer.uuid = TRY(in.uuid());
  if (version > 2) count.circle.uuid = TRY(in.uuid());
  TRY(in.finish());
  return count;
}

store::Write write_of(const AnonymousCount& count, Timestamp due, Random& random) {
  return {.table = peer_table,
          .key = instant_key(anonymous_prefix, due, Uuid::random(random).text()),
          .value = encode(count),
          .expected = std::nullopt};
}

std::string stopped_name(const OrganisationId& organisation) {
  return "sightings.stopped." + organisation.text();
}

Result<bool> sightings_are_stopped(store::Settings& settings, const OrganisationId& organisation) {
  const auto value = TRY(settings.get(stopped_name(organisation)));
  return value == "true";
}

Result<bool> may_leave(store::Store& store, const AnonymousCount& count) {
  if (TRY(sightings_are_stopped(store.settings(), count.seer))) return false;
  if (count.circle == CircleId{}) return true;
  const auto circle = read_circle(store.records(), count.circle);
  if (!circle && circle.error().code == ErrorCode::not_found) return false;
  if (!circle) return fail(circle.error());
  const auto* const member = member_of(circle->value, count.seer);
  return member != nullptr && member->sightings != SightingChoice::undecided &&
         member->sightings != SightingChoice::none;
}

Result<AnonymousWay> anonymous_way(store::Records& records,
                                   const OrganisationId& home,
                                   const OrganisationId& owner,
                                   const policy::Label& label) {
  const auto* const audience = audience_in(label, owner);
  if (audience == nullptr) return fail(ErrorCode::not_found, "it came by no alliance");
  AnonymousWay way{.alliance = audience->alliance,
                   .is_narrowed = label.classification != policy::Classification{} ||
                                  !label.compartments.empty() || !label.realm.is_nil() ||
                                  label.persons.has_value()};
  std::vector<policy::Roster> rosters;
  for (auto& one : TRY(signed_rosters(records, way.alliance, 0))) rosters.push_back(std::move(one.roster));
  if (rosters.empty()) return fail(ErrorCode::not_found, "it came by no alliance");
  const auto& newest = rosters.back();
  for (const auto& member : newest.members)
    if (member.organisation != home && member.organisation != owner &&
        std::ranges::find(member.expertise, relay_entry) != member.expertise.end())
      way.relays.push_back(member);
  for (const auto& one : TRY(policy::audience_of(label, rosters, {})))
    if (one != owner && policy::find_member(newest, one) != nullptr) ++way.sources;
  return way;
}

}  // namespace shieldwall::ledger
