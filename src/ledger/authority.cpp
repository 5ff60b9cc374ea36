#include "ledger/authority.h"

#include <algorithm>

#include "ledger/audit.h"

namespace shieldwall::ledger {

namespace {

Done operates(const api::Caller& caller) {
  if (caller.has(api::Right::operate)) return {};
  return fail(ErrorCode::denied,
              "this needs an account that may operate; ask an operator of your organisation");
}

/// Whether the caller's word counts for that organisation: its own, or, on this machine, any.
bool speaks_for(const api::Caller& caller, const OrganisationId& organisation) {
  return caller.organisation == organisation || caller.local;
}

/// What a caller outside would be told if there were no such circle.
Done knows(const api::Caller& caller, const Circle& circle) {
  if (speaks_for(caller, circle.owner) || is_inside(circle, caller.organisation)) return {};
  return fail(ErrorCode::not_found, "no such circle");
}

Done same(bool equal, std::string_view what) {
  if (equal) return {};
  return fail(ErrorCode::internal, "{} changed is not the one that was authorised", what);
}

}  // namespace

Done Authority::over(const api::Caller& caller, const Principal& principal) {
  if (!speaks_for(caller, principal.organisation)) return fail(ErrorCode::not_found, "no such account");
  TRY(operates(caller));
  for (const auto right : principal.rights)
    if (!caller.has(right))
      return fail(ErrorCode::denied,
                  "that account has the right '{}', which yours has not; ask somebody who has it",
                  api::name_of(right));
  if (caller.local) return {};
  const auto& held = caller.scope.subject().compartments;
  for (const auto& compartment : principal.compartments)
    if (std::ranges::find(held, compartment) == held.end())
      return fail(ErrorCode::denied, "that account is in a compartment that yours is not in");
  return {};
}

Result<Authorised<Act::change, Circle>> Authority::change(const api::Caller& caller, Row<Circle> circle) {
  TRY(knows(caller, circle.value));
  TRY(operates(caller));
  if (!speaks_for(caller, circle.value.owner))
    return fail(ErrorCode::denied, "only operators of the circle's owner may change it");
  return Authorised<Act::change, Circle>(caller, std::move(circle));
}

Result<Authorised<Act::change, Circle>> Authority::create(const api::Caller& caller, const Circle& circle) {
  TRY(operates(caller));
  if (!speaks_for(caller, circle.owner))
    return fail(ErrorCode::denied, "a circle is made by operators of the organisation that owns it");
  return Authorised<Act::change, Circle>(caller, Row<Circle>{circle, 0});
}

Result<Authorised<Act::leave, Circle>> Authority::leave(const api::Caller& caller,
                                                        Row<Circle> circle,
                                                        const OrganisationId& who) {
  TRY(knows(caller, circle.value));
  TRY(operates(caller));
  if (!speaks_for(caller, who) && !speaks_for(caller, circle.value.owner))
    return fail(ErrorCode::denied, "only the member itself or the circle's owner ends a membership");
  return Authorised<Act::leave, Circle>(caller, std::move(circle));
}

Result<Authorised<Act::choose, Circle>> Authority::choose(const api::Caller& caller, Row<Circle> circle) {
  TRY(knows(caller, circle.value));
  TRY(operates(caller));
  if (!is_inside(circle.value, caller.organisation))
    return fail(ErrorCode::denied, "your organisation is not inside this circle");
  return Authorised<Act::choose, Circle>(caller, std::move(circle));
}

Result<Authorised<Act::add, Circle>> Authority::add(const api::Caller& caller, Row<Circle> circle) {
  const auto access = access_of(circle.value, caller);
  if (!access.any()) return fail(ErrorCode::not_found, "no such circle");
  if (!access.can_write) return fail(ErrorCode::denied, "your account may not add to this circle");
  return Authorised<Act::add, Circle>(caller, std::move(circle));
}

Result<Authorised<Act::change, Organisation>> Authority::change(const api::Caller& caller,
                                                                const OrganisationId& home,
                                                                Row<Organisation> row) {
  TRY(operates(caller));
  if (caller.organisation != home && !caller.local)
    return fail(ErrorCode::denied, "only operators of this node's own organisation may do this");
  return Authorised<Act::change, Organisation>(caller, std::move(row));
}

Result<Authorised<Act::change, ApiRoot>> Authority::change(const api::Caller& caller,
                                                           const OrganisationId& home,
                                                           Row<ApiRoot> row) {
  TRY(operates(caller));
  if (caller.organisation != home && !caller.local)
    return fail(ErrorCode::denied, "only operators of this node's own organisation may do this");
  return Authorised<Act::change, ApiRoot>(caller, std::move(row));
}

Done save(store::Store& store,
          const Authorised<Act::change, Circle>& allowed,
          const Circle& changed,
          std::string_view event) {
  TRY(same(changed.id == allowed.look().id && changed.owner == allowed.look().owner, "the circle"));
  const auto* before = allowed.row().revision == 0 ? nullptr : &allowed.row();
  const auto writes = TRY(writes_of(store.records(), changed, before));
  return change(store,
                allowed.caller(),
                event,
                {{"circle", changed.id.text()}, {"membership_version", changed.membership_version}},
                writes);
}

Done save(store::Store& store,
          const Authorised<Act::change, Organisation>& allowed,
          const Organisation& changed,
          std::string_view event) {
  TRY(same(changed.id == allowed.look().id, "the organisation"));
  const store::Write writes[] = {TRY(write_of(changed, allowed.row().revision))};
  return change(store, allowed.caller(), event, {{"organisation", changed.id.text()}}, writes);
}

Done save(store::Store& store,
          const Authorised<Act::change, ApiRoot>& allowed,
          const ApiRoot& changed,
          std::string_view event) {
  TRY(same(changed.name == allowed.look().name, "the API root"));
  const auto writes = TRY(writes_of(store.records(), changed, allowed.row().revision));
  return change(store, allowed.caller(), event, {{"api_root", changed.name}}, writes);
}

Done save_leaving(store::Store& store,
                  const Authorised<Act::leave, Circle>& allowed,
                  const OrganisationId& who) {
  auto changed = allowed.look();
  leave(changed, who);
  const auto writes = TRY(writes_of(store.records(), changed, &allowed.row()));
  return change(store,
                allowed.caller(),
                "circle.leave",
                {{"circle", changed.id.text()}, {"organisation", who.text()}},
                writes);
}

Done save_choice(store::Store& store, const Authorised<Act::choose, Circle>& allowed, SightingChoice choice) {
  auto changed = allowed.look();
  const auto member =
      std::ranges::find(changed.members, allowed.caller().organisation, &Member::organisation);
  member->sightings = choice;
  const auto writes = TRY(writes_of(store.records(), changed, &allowed.row()));
  return change(store,
                allowed.caller(),
                "circle.sightings",
                {{"circle", changed.id.text()}, {"choice", name_of(choice)}},
                writes);
}

}  // namespace shieldwall::ledger
