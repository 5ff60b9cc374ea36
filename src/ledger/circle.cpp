#include "ledger/circle.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ledger/rows.h"

namespace shieldwall::ledger {

namespace {

constexpr std::array<std::string_view, 4> choices = {"undecided", "none", "counts", "detail"};

Member& member_slot(Circle& circle, const OrganisationId& organisation) {
  const auto place = std::ranges::lower_bound(circle.members, organisation, {}, &Member::organisation);
  if (place != circle.members.end() && place->organisation == organisation) return *place;
  return *circle.members.insert(place, Member{.organisation = organisation});
}

bool is_open(const Member& member) {
  return !member.stays.empty() && member.stays.back().to == policy::Stay::open_end;
}

}  // namespace

std::string_view name_of(SightingChoice choice) {
  return choices.at(static_cast<std::size_t>(choice));
}

Result<SightingChoice> sighting_choice_named(std::string_view name) {
  const auto found = std::ranges::find(choices, name);
  if (found == choices.end())
    return fail(ErrorCode::invalid, "'{}' is no sighting choice: none, counts or detail", excerpt(name));
  return static_cast<SightingChoice>(found - choices.begin());
}

const Member* member_of(const Circle& circle, const OrganisationId& organisation) {
  const auto place = std::ranges::lower_bound(circle.members, organisation, {}, &Member::organisation);
  return place != circle.members.end() && place->organisation == organisation ? &*place : nullptr;
}

bool is_inside(const Circle& circle, const OrganisationId& organisation) {
  const auto* member = member_of(circle, organisation);
  return member != nullptr && is_open(*member);
}

policy::CircleStanding standing_in(const Circle& circle, const OrganisationId& organisation) {
  const auto* member = member_of(circle, organisation);
  return {.circle = circle.id,
          .stays = member == nullptr ? std::vector<policy::Stay>{} : member->stays,
          .known_version = circle.membership_version};
}

Access access_of(const Circle& circle, const api::Caller& caller) {
  if (!is_inside(circle, caller.organisation)) return {};
  const auto grant = std::ranges::lower_bound(circle.grants, caller.account, {}, &Grant::account);
  if (grant != circle.grants.end() && grant->account == caller.account)
    return {.can_read = grant->can_read, .can_write = grant->can_write};
  return {.can_read = circle.members_read && caller.has(api::Right::read),
          .can_write = circle.members_write && caller.has(api::Right::publish)};
}

void enter(Circle& circle, const OrganisationId& organisation) {
  auto& member = member_slot(circle, organisation);
  if (is_open(member)) return;
  member.stays.push_back({.from = ++circle.membership_version});
}

void leave(Circle& circle, const OrganisationId& organisation) {
  if (!is_inside(circle, organisation)) return;
  member_slot(circle, organisation).stays.back().to = ++circle.membership_version;
}

policy::Label label_for(const Circle& circle, const OrganisationId& owner) {
  const auto& wanted = circle.label;
  policy::Label label;
  label.tlp = wanted.at_least;
  label.pap = wanted.pap;
  label.use = wanted.use;
  label.classification = wanted.classification;
  label.compartments = wanted.compartments;
  label.originator_control = wanted.originator_control;
  label.discoverable = wanted.discoverable;
  label.realm = wanted.realm;
  label.audience = {{.owner = owner,
                     .inside = policy::CircleAudience{.circle = circle.id,
                                                      .membership_version = circle.membership_version}}};
  return label;
}

policy::Label unmarked_label_for(const Circle& circle, const OrganisationId& owner) {
  auto label = label_for(circle, owner);
  label.tlp = std::max(label.tlp, circle.label.unmarked);
  return label;
}

}  // namespace shieldwall::ledger
