#include "ledger/organisation.h"

#include "api/fields.h"
#include "base/text.h"
#include "ledger/decoded.h"
#include "model/json_writer.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view home_setting = "organisation.home";

}  // namespace

model::ObjectId identity_of(const OrganisationId& id) {
  return {"identity", id.uuid};
}

Result<Row<Organisation>> read_organisation(store::Records& records, const OrganisationId& id) {
  static Decoded<Organisation> decoded;
  return decoded.read(records, store::Table::organisation, id.text(), decode_organisation, "organisation");
}

Result<std::vector<Row<Organisation>>> list_organisations(store::Records& records) {
  return scan_rows(records, store::Table::organisation, "", decode_organisation, organisations_max);
}

Result<Row<Organisation>> organisation_named(store::Records& records, std::string_view id_or_name) {
  if (const auto id = OrganisationId::parse(id_or_name)) return read_organisation(records, *id);
  std::optional<Row<Organisation>> found;
  for (auto& row : TRY(list_organisations(records))) {
    if (!equal_ignoring_case(row.value.name, id_or_name)) continue;
    if (found)
      return fail(ErrorCode::conflict, "two organisations are named '{}'; give the id", excerpt(id_or_name));
    found = std::move(row);
  }
  if (!found) return fail(ErrorCode::not_found, "no organisation '{}' is known", excerpt(id_or_name));
  return std::move(*found);
}

Result<OrganisationId> home_organisation(store::Settings& settings) {
  const auto text = TRY(settings.get(home_setting));
  if (!text) return fail(ErrorCode::not_found, "this node has no organisation yet; run `shieldwall init`");
  return OrganisationId::parse(*text);
}

Done set_home_organisation(store::Settings& settings, const OrganisationId& id) {
  return settings.set(home_setting, id.text());
}

Result<store::Write> write_of(const Organisation& organisation, std::uint64_t revision) {
  if (organisation.id.is_nil())
    return fail(ErrorCode::invalid, "an organisation needs an id that is not nil");
  TRY(check_line(organisation.name, "the organisation's name", 1, name_bytes_max));
  if (organisation.identity.type != "identity")
    return fail(ErrorCode::invalid, "{} is no STIX identity", excerpt(organisation.identity.text()));
  return store::Write{.table = store::Table::organisation,
                      .key = organisation.id.text(),
                      .value = encode(organisation),
                      .expected = revision};
}

Bytes encode(const Organisation& organisation) {
  model::JsonWriter out;
  out.begin_object();
  out.member("id", organisation.id.text());
  out.member("name", organisation.name);
  if (organisation.nation) out.member("nation", organisation.nation->text());
  out.member("hosted", organisation.hosted);
  out.member("identity", organisation.identity.text());
  if (!organisation.patrons.empty()) {
    out.key("patrons");
    out.begin_array();
    for (const auto& patron : organisation.patrons) out.value(patron.text());
    out.end_array();
  }
  out.end_object();
  return std::move(out).text();
}

Result<Organisation> decode_organisation(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "organisation"));
  Organisation organisation;
  organisation.id = TRY(fields.parsed<OrganisationId>("id"));
  organisation.name = TRY(fields.text("name"));
  organisation.nation = TRY(fields.optional_parsed<policy::Nation>("nation"));
  organisation.hosted = TRY(fields.flag("hosted", false));
  organisation.identity = TRY(fields.parsed<model::ObjectId>("identity"));
  for (const auto& patron : TRY(fields.texts("patrons")))
    organisation.patrons.push_back(TRY(OrganisationId::parse(patron)));
  return organisation;
}

}  // namespace shieldwall::ledger
