#include "policy/label_json.h"

#include <algorithm>

#include "base/text.h"
#include "policy/json_fields.h"

namespace shieldwall::policy {
namespace {

using model::Json;

constexpr std::string_view tlp_texts[] = {"clear", "green", "amber", "amber+strict", "red"};
constexpr std::string_view pap_texts[] = {"clear", "green", "amber", "red"};

template <typename Level, std::size_t count>
Result<Level> level_named(const std::string_view (&texts)[count], std::string_view text) {
  const auto* found = std::find(texts, texts + count, text);
  if (found == texts + count) return fail(ErrorCode::invalid, "no level is called \"{}\"", excerpt(text));
  return static_cast<Level>(found - texts);
}

std::string use_json(const UseLimits& use) {
  FieldWriter out;
  if (use.attribute == Use::must_not) out.text("attribute", "must-not");
  if (use.notify_affected == Use::must_not) out.text("notify_affected", "must-not");
  if (use.regulate == Use::must_not) out.text("regulate", "must-not");
  if (use.resell == Use::must_not) out.text("resell", "must-not");
  return std::move(out).take();
}

std::string clause_json(const Clause& clause) {
  FieldWriter out;
  if (const auto* alliance = std::get_if<AllianceAudience>(&clause.inside)) {
    out.text("alliance", alliance->alliance.text());
    if (!alliance->nations.empty())
      out.list("nations", alliance->nations, [](const Nation& nation) { return quoted(nation.text()); });
    if (!alliance->organisations.empty())
      out.list("organisations", alliance->organisations, quoted_id<OrganisationId>);
    out.text("owner", clause.owner.text());
    out.number("roster_version", alliance->roster_version);
  } else if (const auto* circle = std::get_if<CircleAudience>(&clause.inside)) {
    out.text("circle", circle->circle.text());
    out.number("membership_version", circle->membership_version);
    out.text("owner", clause.owner.text());
  } else {
    out.text("owner", clause.owner.text());
  }
  return std::move(out).take();
}

std::string person_json(const PersonKey& key) {
  FieldWriter out;
  out.text("organisation", key.organisation.text());
  if (!key.person.is_nil()) out.text("person", key.person.text());
  return std::move(out).take();
}

std::string level_json(const Classification& level) {
  FieldWriter out;
  out.number("ordinal", level.ordinal);
  out.number("scheme", level.scheme);
  return std::move(out).take();
}

Result<Use> read_use(FieldReader& in, std::string_view name) {
  const auto json = in.find(name);
  if (!json) return Use::may;
  const auto text = TRY(text_in(*json));
  if (text == "may") return Use::may;
  if (text == "must-not") return Use::must_not;
  return fail(ErrorCode::invalid, "{}: neither \"may\" nor \"must-not\"", json->pointer());
}

Result<UseLimits> read_use_limits(const Json& json) {
  auto in = TRY(FieldReader::of(json));
  UseLimits use;
  use.notify_affected = TRY(read_use(in, "notify_affected"));
  use.attribute = TRY(read_use(in, "attribute"));
  use.resell = TRY(read_use(in, "resell"));
  use.regulate = TRY(read_use(in, "regulate"));
  TRY(in.finish());
  return use;
}

Result<Classification> read_level(const Json& json) {
  auto in = TRY(FieldReader::of(json));
  Classification level;
  const auto scheme = TRY(in.need("scheme"));
  const auto ordinal = TRY(in.need("ordinal"));
  level.scheme = TRY(number_in<std::uint16_t>(scheme));
  level.ordinal = TRY(number_in<std::uint8_t>(ordinal));
  TRY(in.finish());
  if (level.scheme == 0) return fail(ErrorCode::invalid, "{}: scheme 0 has no levels", json.pointer());
  return level;
}

Result<PersonKey> read_person(const Json& json) {
  auto in = TRY(FieldReader::of(json));
  PersonKey key;
  const auto organisation = TRY(in.need("organisation"));
  key.organisation = TRY(id_in<OrganisationId>(organisation));
  if (const auto person = in.find("person")) key.person = TRY(id_in<PersonId>(*person));
  TRY(in.finish());
  return key;
}

Result<Nation> read_nation(const Json& json) {
  const auto text = TRY(text_in(json));
  return Nation::parse(text);
}

Result<AllianceAudience> read_alliance(FieldReader& in, const Json& alliance) {
  AllianceAudience audience;
  audience.alliance = TRY(id_in<AllianceId>(alliance));
  const auto version = TRY(in.need("roster_version"));
  audience.roster_version = TRY(number_in<std::uint32_t>(version));
  if (const auto nations = in.find("nations")) audience.nations = TRY(list_in(*nations, read_nation));
  if (const auto members = in.find("organisations"))
    audience.organisations = TRY(list_in(*members, id_in<OrganisationId>));
  return audience;
}

Result<CircleAudience> read_circle(FieldReader& in, const Json& circle) {
  CircleAudience audience;
  audience.circle = TRY(id_in<CircleId>(circle));
  const auto version = TRY(in.need("membership_version"));
  audience.membership_version = TRY(number_in<std::uint32_t>(version));
  return audience;
}

Result<Clause> read_clause(const Json& json) {
  auto in = TRY(FieldReader::of(json));
  Clause clause;
  const auto owner = TRY(in.need("owner"));
  clause.owner = TRY(id_in<OrganisationId>(owner));
  if (const auto alliance = in.find("alliance")) {
    clause.inside = TRY(read_alliance(in, *alliance));
  } else if (const auto circle = in.find("circle")) {
    clause.inside = TRY(read_circle(in, *circle));
  }
  TRY(in.finish());
  return clause;
}

/// What limits who may see: audience, compartments, realm, persons, instants.
Done read_limits(FieldReader& in, Label& label) {
  const auto audience = TRY(in.need("audience"));
  label.audience = TRY(list_in(audience, read_clause));
  if (const auto json = in.find("compartments"))
    label.compartments = TRY(list_in(*json, id_in<CompartmentId>));
  if (const auto json = in.find("realm")) label.realm = TRY(id_in<Realm>(*json));
  if (const auto json = in.find("persons")) label.persons = TRY(list_in(*json, read_person));
  if (const auto json = in.find("embargo")) label.embargo = TRY(instant_in(*json));
  if (const auto json = in.find("end")) label.end = TRY(instant_in(*json));
  return {};
}

Done read_levels(FieldReader& in, Label& label) {
  const auto tlp = TRY(in.need("tlp"));
  const auto tlp_text = TRY(text_in(tlp));
  label.tlp = TRY(tlp_named(tlp_text));
  if (const auto json = in.find("pap")) {
    const auto text = TRY(text_in(*json));
    label.pap = TRY(pap_named(text));
  }
  if (const auto json = in.find("use_limits")) label.use = TRY(read_use_limits(*json));
  if (const auto json = in.find("classification")) label.classification = TRY(read_level(*json));
  if (const auto json = in.find("originator_control")) label.originator_control = TRY(boolean_in(*json));
  if (const auto json = in.find("discoverable")) label.discoverable = TRY(boolean_in(*json));
  return {};
}

}  // namespace

std::string label_json(const Label& given) {
  const Label label = canonical(given);
  FieldWriter out;
  out.list("audience", label.audience, clause_json);
  if (label.classification.scheme != 0) out.raw("classification", level_json(label.classification));
  if (!label.compartments.empty()) out.list("compartments", label.compartments, quoted_id<CompartmentId>);
  if (!label.discoverable) out.boolean("discoverable", false);
  if (label.embargo != Timestamp::always()) out.text("embargo", to_text(label.embargo));
  if (label.end != Timestamp::never()) out.text("end", to_text(label.end));
  if (label.originator_control) out.boolean("originator_control", true);
  if (label.pap != Pap::clear) out.text("pap", text_of(label.pap));
  if (label.persons) out.list("persons", *label.persons, person_json);
  if (!label.realm.is_nil()) out.text("realm", label.realm.text());
  out.text("tlp", text_of(label.tlp));
  if (label.use != UseLimits{}) out.raw("use_limits", use_json(label.use));
  return std::move(out).take();
}

Result<Label> read_label_json(const Json& json, const std::vector<std::string_view>& beside) {
  auto in = TRY(FieldReader::of(json));
  for (const std::string_view name : beside) (void)in.find(name);
  Label label;
  TRY(read_levels(in, label));
  TRY(read_limits(in, label));
  TRY(in.finish());
  TRY(check_limits(label));
  return canonical(std::move(label));
}

std::string_view text_of(Tlp tlp) {
  return tlp_texts[static_cast<std::size_t>(tlp)];
}
Result<Tlp> tlp_named(std::string_view text) {
  return level_named<Tlp>(tlp_texts, text);
}
std::string_view text_of(Pap pap) {
  return pap_texts[static_cast<std::size_t>(pap)];
}
Result<Pap> pap_named(std::string_view text) {
  return level_named<Pap>(pap_texts, text);
}

}  // namespace shieldwall::policy
