// /api/v1/circles: circles, who is inside, and what accounts may do there.

#include <algorithm>

#include "base/text.h"
#include "server/account.h"
#include "server/circle_json.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Fields;
using api::Response;
using api::Right;
using ledger::Authority;
using ledger::Circle;
using ledger::Row;
using model::JsonWriter;

Result<Row<Circle>> circle_in_path(const Call& call) {
  auto row = ledger::circle_by_name(records_of(call), call.caller->organisation, call.part("circle"));
  if (row || row.error().code != ErrorCode::not_found || !call.caller->local) return row;
  // This machine's own operator reaches the circles of every organisation hosted here, by id.
  const auto id = CircleId::parse(call.part("circle"));
  return id ? ledger::read_circle(records_of(call), *id) : row;
}

/// Grants that the caller may know: all, when it operates the owner; else those of its own organisation.
Result<std::vector<ledger::Grant>> visible_grants(const Call& call, const Circle& circle) {
  const auto& caller = *call.caller;
  if (caller.has(Right::operate) && (caller.organisation == circle.owner || caller.local))
    return circle.grants;
  std::vector<ledger::Grant> visible;
  for (const auto& grant : circle.grants) {
    const auto account = read_account(records_of(call), grant.account);
    if (account && account->value.organisation == caller.organisation) visible.push_back(grant);
  }
  return visible;
}

Result<Response> told(const Call& call, int status, const Circle& circle) {
  const auto grants = TRY(visible_grants(call, circle));
  JsonWriter out;
  write_circle(out, {.circle = circle, .caller = *call.caller, .grants = grants});
  return answer(status, std::move(out));
}

Result<Response> list_circles(Call& call) {
  JsonWriter out;
  out.begin_object();
  out.key("circles");
  out.begin_array();
  for (const auto& row : TRY(ledger::circles_of(records_of(call), call.caller->organisation))) {
    const auto& circle = row.value;
    if (circle.owner != call.caller->organisation && !ledger::is_inside(circle, call.caller->organisation))
      continue;
    auto grants = TRY(visible_grants(call, circle));
    write_circle(out, {.circle = circle, .caller = *call.caller, .grants = std::move(grants)});
  }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<Response> get_circle(Call& call) {
  return told(call, 200, TRY(circle_in_path(call)).value);
}

/// The members that a new circle and a change of one have in common.
Done read_common(const Call& call, Fields& fields, Circle& circle) {
  circle.title = TRY(fields.optional_text("title")).value_or(circle.title);
  circle.alias = TRY(fields.optional_text("alias")).value_or(circle.alias);
  circle.description = TRY(fields.optional_text("description")).value_or(circle.description);
  circle.media_types = TRY(fields.optional_texts("media_types")).value_or(circle.media_types);
  circle.members_read = TRY(fields.flag("members_read", circle.members_read));
  circle.members_write = TRY(fields.flag("members_write", circle.members_write));
  circle.second_person = TRY(fields.flag("second_person", circle.second_person));
  if (const auto label = fields.any("label")) TRY(read_label_template(*label, circle.label));
  if (const auto root = TRY(fields.optional_text("api_root"))) {
    if (!root->empty()) TRY(ledger::read_api_root(records_of(call), *root));
    circle.api_root = *root;
  }
  return {};
}

Result<AccountId> account_for_grant(const Call& call, const Circle& circle, std::string_view name_or_id) {
  const auto row = account_named(records_of(call), name_or_id);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  // An account elsewhere, or of an organisation that is not inside, is as good as none.
  if (!row || !ledger::is_inside(circle, row->value.organisation))
    return fail(ErrorCode::not_found, "no such account in an organisation that is inside the circle");
  return row->value.id;
}

void put_grant(Circle& circle, const ledger::Grant& grant) {
  const auto place = std::ranges::lower_bound(circle.grants, grant.account, {}, &ledger::Grant::account);
  if (place != circle.grants.end() && place->account == grant.account)
    *place = grant;
  else
    circle.grants.insert(place, grant);
}

Done read_grants(const Call& call, Fields& fields, Circle& circle) {
  for (const auto& element : TRY(fields.elements("grants"))) {
    auto grant = TRY(Fields::of(element, "grants"));
    const auto named = TRY(grant.text("account"));
    const bool can_read = TRY(grant.flag("can_read", true));
    const bool can_write = TRY(grant.flag("can_write", true));
    TRY(grant.finish());
    const auto account = TRY(account_for_grant(call, circle, named));
    put_grant(circle, {.account = account, .can_read = can_read, .can_write = can_write});
  }
  return {};
}

Result<Response> create_circle(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  Circle circle{.owner = call.caller->organisation, .created = call.now};
  circle.id = TRY(fields.optional_parsed<CircleId>("id")).value_or(CircleId::random(call.services.random));
  if (const auto owner = TRY(fields.optional_text("owner")))
    circle.owner = TRY(organisation_of(call, *owner)).value.id;
  const auto allowed = TRY(Authority::create(*call.caller, circle));
  TRY(read_common(call, fields, circle));
  ledger::enter(circle, circle.owner);
  for (const auto& member : TRY(fields.texts("members"))) {
    const auto organisation = TRY(organisation_of(call, member));
    ledger::enter(circle, organisation.value.id);
  }
  TRY(read_grants(call, fields, circle));
  TRY(fields.finish());
  auto done = ledger::save(call.services.store, allowed, circle, "circle.create");
  if (!done && done.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict,
                "a circle with that id{} exists; choose another",
                circle.alias.empty()
                    ? ""
                    : fmt::format(", or the alias '{}' in that API root,", excerpt(circle.alias)));
  TRY(std::move(done));
  return told(call, 201, circle);
}

Result<Response> change_circle(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto allowed = TRY(Authority::change(*call.caller, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  auto circle = allowed.look();
  TRY(read_common(call, fields, circle));
  TRY(fields.finish());
  TRY(ledger::save(call.services.store, allowed, circle, "circle.change"));
  return told(call, 200, circle);
}

Result<Response> join_circle(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto allowed = TRY(Authority::change(*call.caller, row));
  const auto organisation = TRY(organisation_of(call, call.part("organisation"))).value.id;
  auto circle = allowed.look();
  ledger::enter(circle, organisation);
  TRY(ledger::save(call.services.store, allowed, circle, "circle.join"));
  return told(call, 200, circle);
}

Result<Response> leave_circle(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto organisation = TRY(organisation_of(call, call.part("organisation"))).value.id;
  const auto allowed = TRY(Authority::leave(*call.caller, row, organisation));
  TRY(ledger::save_leaving(call.services.store, allowed, organisation));
  return Response::nothing();
}

Result<Response> grant(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto allowed = TRY(Authority::change(*call.caller, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const bool can_read = TRY(fields.flag("can_read", true));
  const bool can_write = TRY(fields.flag("can_write", true));
  TRY(fields.finish());
  auto circle = allowed.look();
  const auto account = TRY(account_for_grant(call, circle, call.part("account")));
  put_grant(circle, {.account = account, .can_read = can_read, .can_write = can_write});
  TRY(ledger::save(call.services.store, allowed, circle, "circle.grant"));
  return told(call, 200, circle);
}

Result<Response> ungrant(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto allowed = TRY(Authority::change(*call.caller, row));
  auto circle = allowed.look();
  const auto account = TRY(account_for_grant(call, circle, call.part("account")));
  std::erase_if(circle.grants, [&](const auto& held) { return held.account == account; });
  TRY(ledger::save(call.services.store, allowed, circle, "circle.ungrant"));
  return Response::nothing();
}

Result<Response> choose_sightings(Call& call) {
  const auto row = TRY(circle_in_path(call));
  const auto allowed = TRY(Authority::choose(*call.caller, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto name = TRY(fields.text("sightings"));
  TRY(fields.finish());
  const auto choice = TRY(ledger::sighting_choice_named(name));
  TRY(ledger::save_choice(call.services.store, allowed, choice));
  return Response::nothing();
}

constexpr api::Field create_fields[] = {
    {"title", "string", "in words, one line"},
    {"id", "string", "UUID; drawn when absent", false},
    {"owner", "string", "id or name of a hosted organisation; over the local socket only", false},
    {"alias", "string", "a name to call it by, unique in its API root", false},
    {"description", "string", "in words", false},
    {"api_root", "string", "TAXII API root that shows it", false},
    {"media_types", "[]string", "TAXII media types; absent: STIX 2.1", false},
    {"members", "[]string", "organisations beside the owner, by id or name", false},
    {"members_read", "boolean", "accounts of members without a grant may read; default true", false},
    {"members_write", "boolean", "accounts of members without a grant may add; default true", false},
    {"grants", "[]object", "{account, can_read, can_write} instead of what the account's rights say", false},
    {"label",
     "object",
     "{unmarked, at_least, pap, must_not, compartments, originator_control, discoverable}",
     false},
    {"second_person", "boolean", "a release into it needs another person's consent", false},
};
constexpr api::Type create_type{"NewCircle", create_fields};
constexpr api::Field change_fields[] = {
    {"title", "string", "in words, one line", false},
    {"alias", "string", "a name to call it by", false},
    {"description", "string", "in words", false},
    {"api_root", "string", "TAXII API root that shows it; empty: none", false},
    {"media_types", "[]string", "TAXII media types", false},
    {"members_read", "boolean", "accounts of members without a grant may read", false},
    {"members_write", "boolean", "accounts of members without a grant may add", false},
    {"label", "object", "the parts to change", false},
    {"second_person", "boolean", "a release into it needs another person's consent", false},
};
constexpr api::Type change_type{"CircleChange", change_fields};
constexpr api::Field grant_fields[] = {
    {"can_read", "boolean", "default true", false},
    {"can_write", "boolean", "default true", false},
};
constexpr api::Type grant_type{"CircleGrant", grant_fields};
constexpr api::Field choice_fields[] = {
    {"sightings", "string", "none, counts or detail: what your organisation lets return"}};
constexpr api::Type choice_type{"SightingChoice", choice_fields};
constexpr api::Field list_fields[] = {{"circles", "[]object", "by creation; each as Circle"}};
constexpr api::Type list_type{"Circles", list_fields};

}  // namespace

std::span<const api::Route> circle_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/circles",
       .right = Right::read,
       .handler = list_circles,
       .summary = "Circles that your organisation is inside of or owns",
       .answer = &list_type,
       .shows_objects = false},
      {.method = Method::post,
       .path = "/api/v1/circles",
       .right = Right::operate,
       .handler = create_circle,
       .summary = "Make a circle that your organisation owns",
       .body = &create_type,
       .answer = &circle_type},
      {.method = Method::get,
       .path = "/api/v1/circles/{circle}",
       .right = Right::read,
       .handler = get_circle,
       .summary = "One circle, by id or alias",
       .answer = &circle_type,
       .shows_objects = false},
      {.method = Method::patch,
       .path = "/api/v1/circles/{circle}",
       .right = Right::operate,
       .handler = change_circle,
       .summary = "Change a circle that your organisation owns",
       .body = &change_type,
       .answer = &circle_type},
      {.method = Method::put,
       .path = "/api/v1/circles/{circle}/members/{organisation}",
       .right = Right::operate,
       .handler = join_circle,
       .summary = "Let an organisation in; it sees what is shared from now on",
       .answer = &circle_type},
      {.method = Method::delete_,
       .path = "/api/v1/circles/{circle}/members/{organisation}",
       .right = Right::operate,
       .handler = leave_circle,
       .summary = "End a membership: your own, or one in your circle"},
      {.method = Method::put,
       .path = "/api/v1/circles/{circle}/grants/{account}",
       .right = Right::operate,
       .handler = grant,
       .summary = "What one account may do there, instead of what its rights say",
       .body = &grant_type,
       .answer = &circle_type},
      {.method = Method::delete_,
       .path = "/api/v1/circles/{circle}/grants/{account}",
       .right = Right::operate,
       .handler = ungrant,
       .summary = "Back to what the account's rights say"},
      {.method = Method::put,
       .path = "/api/v1/circles/{circle}/sightings",
       .right = Right::operate,
       .handler = choose_sightings,
       .summary = "What your organisation lets return of what it saw",
       .body = &choice_type},
  };
  return routes;
}

}  // namespace shieldwall::server
