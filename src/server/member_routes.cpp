// /api/v1/members: the organisations that this node knows.

#include <functional>
#include <map>

#include "api/fields.h"
#include "base/text.h"
#include "exchange/federation/warning.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Fields;
using api::Response;
using api::Right;
using ledger::Authority;
using ledger::Organisation;
using ledger::Row;
using model::JsonWriter;

using exchange::federation::Warning;

/// Who says that it suspended somebody; nothing where the node takes no part in alliances, or the caller is
/// of another organisation than the node.
Result<std::vector<Warning>> warnings_for(const Call& call) {
  const auto federation = exchange::federation::federation_of(call.services);
  if (!federation || call.caller->organisation != parts_of(call).home) return std::vector<Warning>();
  auto found = TRY(exchange::federation::warnings(**federation));
  std::erase_if(found, [&](const Warning& one) { return one.by == parts_of(call).home; });
  for (const auto& [member, suspension] : (*federation)->known()->suspended)
    found.push_back({.about = member,
                     .by = parts_of(call).home,
                     .since = suspension.at,
                     .reason = suspension.reason,
                     .note = ledger::identity_of(member)});
  return found;
}

void write_suspensions(JsonWriter& out,
                       const std::vector<Warning>& warnings,
                       const OrganisationId& about,
                       const std::map<OrganisationId, std::string>& names) {
  out.key("suspensions");
  out.begin_array();
  for (const auto& one : warnings) {
    if (one.about != about) continue;
    const auto name = names.find(one.by);
    out.begin_object();
    out.member("by", name == names.end() ? one.by.text() : name->second);
    out.member("since", to_text(one.since));
    out.member("reason", one.reason);
    out.end_object();
  }
  out.end_array();
}

void write_member(JsonWriter& out,
                  const Organisation& organisation,
                  const OrganisationId& home,
                  const std::function<void(JsonWriter&)>& more = {}) {
  out.begin_object();
  out.member("id", organisation.id.text());
  out.member("name", organisation.name);
  if (organisation.nation) out.member("nation", organisation.nation->text());
  out.member("identity", organisation.identity.text());
  out.member("hosted", organisation.hosted);
  out.member("home", organisation.id == home);
  out.key("patrons");
  out.begin_array();
  for (const auto& patron : organisation.patrons) out.value(patron.text());
  out.end_array();
  if (more) more(out);
  out.end_object();
}

Response told(const Call& call, int status, const Organisation& organisation) {
  JsonWriter out;
  write_member(out, organisation, parts_of(call).home);
  return answer(status, std::move(out));
}

Result<Response> list_members(Call& call) {
  const auto warnings = TRY(warnings_for(call));
  const auto rows = TRY(ledger::list_organisations(records_of(call)));
  std::map<OrganisationId, std::string> names;
  for (const auto& row : rows) names.emplace(row.value.id, row.value.name);
  JsonWriter out;
  out.begin_object();
  out.key("members");
  out.begin_array();
  for (const auto& row : rows)
    if (TRY(knows_organisation(call, row.value.id)))
      write_member(out, row.value, parts_of(call).home, [&](JsonWriter& to) {
        write_suspensions(to, warnings, row.value.id, names);
      });
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<Response> get_member(Call& call) {
  return told(call, 200, TRY(organisation_of(call, call.part("organisation"))).value);
}

Done read_common(const Call& call, Fields& fields, Organisation& organisation) {
  organisation.name = TRY(fields.optional_text("name")).value_or(organisation.name);
  if (const auto nation = TRY(fields.optional_parsed<policy::Nation>("nation"))) organisation.nation = nation;
  organisation.hosted = TRY(fields.flag("hosted", organisation.hosted));
  if (const auto identity = TRY(fields.optional_parsed<model::ObjectId>("identity")))
    organisation.identity = *identity;
  if (const auto patrons = TRY(fields.optional_texts("patrons"))) {
    organisation.patrons.clear();
    for (const auto& patron : *patrons) {
      const auto row = TRY(organisation_of(call, patron));
      organisation.patrons.push_back(row.value.id);
    }
  }
  return {};
}

/// Two of one name could not be told apart by people.
Done check_name_is_free(const Call& call, const Organisation& organisation) {
  for (const auto& row : TRY(ledger::list_organisations(records_of(call))))
    if (row.value.id != organisation.id && equal_ignoring_case(row.value.name, organisation.name))
      return fail(ErrorCode::conflict, "an organisation named '{}' is known already", organisation.name);
  return {};
}

Result<Response> create_member(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  Organisation organisation;
  organisation.id = TRY(fields.optional_parsed<OrganisationId>("id"))
                        .value_or(OrganisationId::random(call.services.random));
  organisation.identity = ledger::identity_of(organisation.id);
  const auto allowed =
      TRY(Authority::change(*call.caller, parts_of(call).home, Row<Organisation>{organisation, 0}));
  TRY(read_common(call, fields, organisation));
  TRY(fields.finish());
  TRY(check_name_is_free(call, organisation));
  auto done = ledger::save(call.services.store, allowed, organisation, "member.add");
  if (!done && done.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "an organisation with that id is known already");
  TRY(std::move(done));
  return told(call, 201, organisation);
}

Result<Response> change_member(Call& call) {
  const auto row = TRY(organisation_of(call, call.part("organisation")));
  const auto allowed = TRY(Authority::change(*call.caller, parts_of(call).home, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  auto organisation = allowed.look();
  TRY(read_common(call, fields, organisation));
  TRY(fields.finish());
  if (organisation.id == parts_of(call).home && !organisation.hosted)
    return fail(ErrorCode::invalid, "the node's own organisation is always hosted here");
  TRY(check_name_is_free(call, organisation));
  TRY(ledger::save(call.services.store, allowed, organisation, "member.change"));
  return told(call, 200, organisation);
}

constexpr api::Field member_fields[] = {
    {"id", "string", "UUID"},
    {"name", "string", "in words"},
    {"nation", "string", "ISO 3166-1 alpha-3", false},
    {"identity", "string", "id of the STIX identity that stands for it"},
    {"hosted", "boolean", "its accounts are on this node"},
    {"home", "boolean", "this node is its own"},
    {"patrons", "[]string", "organisations whose client it is"},
    {"suspensions", "[]object", "by, since and reason: who suspended it, in a list of members alone", false},
};
constexpr api::Type member_type{"Member", member_fields};
constexpr api::Field create_fields[] = {
    {"name", "string", "in words, one line"},
    {"id", "string", "UUID; drawn when absent", false},
    {"nation", "string", "ISO 3166-1 alpha-3", false},
    {"identity", "string", "id of its STIX identity; absent: identity--<id>", false},
    {"hosted", "boolean", "its accounts are on this node; default false", false},
    {"patrons", "[]string", "organisations whose client it is, by id or name", false},
};
constexpr api::Type create_type{"NewMember", create_fields};
constexpr api::Field change_fields[] = {
    {"name", "string", "in words, one line", false},
    {"nation", "string", "ISO 3166-1 alpha-3", false},
    {"identity", "string", "id of its STIX identity", false},
    {"hosted", "boolean", "its accounts are on this node", false},
    {"patrons", "[]string", "organisations whose client it is, by id or name", false},
};
constexpr api::Type change_type{"MemberChange", change_fields};
constexpr api::Field list_fields[] = {{"members", "[]object", "by id; each as Member"}};
constexpr api::Type list_type{"Members", list_fields};

}  // namespace

std::span<const api::Route> member_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/members",
       .right = Right::read,
       .handler = list_members,
       .summary = "Organisations that you may know of",
       .answer = &list_type,
       .shows_objects = false},
      {.method = Method::post,
       .path = "/api/v1/members",
       .right = Right::operate,
       .handler = create_member,
       .summary = "Let the node know an organisation",
       .body = &create_type,
       .answer = &member_type},
      {.method = Method::get,
       .path = "/api/v1/members/{organisation}",
       .right = Right::read,
       .handler = get_member,
       .summary = "One organisation, by id or name",
       .answer = &member_type,
       .shows_objects = false},
      {.method = Method::patch,
       .path = "/api/v1/members/{organisation}",
       .right = Right::operate,
       .handler = change_member,
       .summary = "Change what the node knows of an organisation",
       .body = &change_type,
       .answer = &member_type},
  };
  return routes;
}

}  // namespace shieldwall::server
