// What single types ask beyond their rows: STIX 2.1 sections 4, 5, 7 and 8.

#include <algorithm>
#include <set>

#include "base/text.h"
#include "model/object_check.h"
#include "model/pattern.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

std::string_view text_of(const Json& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(JsonKind::string) ? value->string() : std::string_view{};
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// CVE-YYYY-NNNN, four digits or more at the end.
bool is_cve_id(std::string_view text) {
  return text.starts_with("CVE-") && text.size() >= 13 && all_digits(text.substr(4, 4)) && text[8] == '-' &&
         all_digits(text.substr(9));
}

bool is_capec_id(std::string_view text) {
  return text.starts_with("CAPEC-") && all_digits(text.substr(6));
}

}  // namespace

void Checker::check_particulars() {
  if (const auto references = root_.find("external_references");
      references && references->is(JsonKind::array)) {
    const Json list = *references;
    for (const Json reference : list)
      if (reference.is(JsonKind::object)) check_external_reference(reference);
  }
  if (const auto phases = root_.find("kill_chain_phases"); phases && profile_.type != nullptr)
    check_kill_chain(*phases);
  if (profile_.type == nullptr) return;
  if (profile_.type_class == TypeClass::sco) return check_observable(root_, *profile_.type);
  using Particular = void (Checker::*)();
  static constexpr std::pair<std::string_view, Particular> particulars[] = {
      {"relationship", &Checker::check_relationship},
      {"indicator", &Checker::check_indicator},
      {"location", &Checker::check_location},
      {"malware-analysis", &Checker::check_malware_analysis},
      {"marking-definition", &Checker::check_marking_definition},
      {"extension-definition", &Checker::check_extension_definition},
      {"bundle", &Checker::check_bundle},
  };
  const auto row =
      std::ranges::find(particulars, type_name_, &std::pair<std::string_view, Particular>::first);
  if (row != std::end(particulars)) (this->*row->second)();
}

void Checker::check_kill_chain(const Json& phases) {
  for (const Json phase : phases) {
    for (const auto name : {"kill_chain_name", "phase_name"}) {
      const auto value = phase.find(name);
      if (value && value->is(JsonKind::string) && !is_hyphenated_lower_case(value->string()))
        should("kill-chain-name",
               "2.11",
               *value,
               "'{}' should be in lower case, with hyphens between words",
               shown(value->string()));
    }
  }
}

void Checker::check_external_reference(const Json& reference) {
  const auto source = text_of(reference, "source_name");
  const auto id = text_of(reference, "external_id");
  if (source == "cve" && !is_cve_id(id))
    error("cve-id", "4.19.1", reference, "a reference to CVE must have an external_id like CVE-2016-1234");
  if (source == "capec" && !is_capec_id(id))
    error("capec-id", "4.1.1", reference, "a reference to CAPEC must have an external_id like CAPEC-163");
  if (reference.find("url") && !reference.find("hashes"))
    should("external-reference-hashes", "2.5.1", reference, "a reference with a url should have its hashes");
}

void Checker::check_relationship() {
  static constexpr std::string_view common[] = {"derived-from", "duplicate-of", "related-to"};
  const auto type = text_of(root_, "relationship_type");
  const auto source_id = text_of(root_, "source_ref");
  const auto target_id = text_of(root_, "target_ref");
  if (type.empty() || source_id.empty() || target_id.empty()) return;
  const auto type_at = *root_.find("relationship_type");
  const bool well_formed = std::ranges::all_of(
      type, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!well_formed)
    error("relationship-type",
          "5.1.2",
          type_at,
          "a relationship type is lower-case ASCII letters, digits and hyphens");
  const auto source = source_id.substr(0, source_id.find("--"));
  const auto target = target_id.substr(0, target_id.find("--"));
  if (contains(common, type) || profile_.version == SpecVersion::v2_0) return;
  const auto rows = suggested_relationships();
  const auto fits = [&](const SuggestedRelationship& row) {
    return row.source == source && row.type == type && contains(row.targets, target);
  };
  if (std::ranges::none_of(rows, fits))
    should("relationship-type-suggested",
           "5.1.1",
           type_at,
           "the standard names no relationship '{}' from {} to {}",
           shown(type),
           shown(source),
           shown(target));
}

void Checker::check_indicator() {
  if (profile_.version == SpecVersion::v2_1)
    for (const auto name : {"name", "description"})
      if (!root_.find(name))
        should("indicator-properties", "4.7.1", root_, "an indicator should have a {}", name);
  const auto pattern = root_.find("pattern");
  const bool is_stix = profile_.version == SpecVersion::v2_0 || text_of(root_, "pattern_type") == "stix";
  if (!is_stix || !pattern || !pattern->is(JsonKind::string)) return;
  const bool old = profile_.version == SpecVersion::v2_0 || text_of(root_, "pattern_version") == "2.0";
  auto parsed = parse_pattern(pattern->string(), old ? PatternSpelling::v2_0 : PatternSpelling::v2_1);
  if (!parsed)
    error("pattern", "9", *pattern, "{}", parsed.error().message);
  else if (!old)
    pattern_ = std::move(*parsed);
}

void Checker::check_location() {
  const auto country = root_.find("country");
  if (country && country->is(JsonKind::string) && !is_country(country->string()))
    should("country",
           "4.10.1",
           *country,
           "'{}' should be an ISO 3166-1 alpha-2 country code",
           shown(country->string()));
}

void Checker::check_malware_analysis() {
  const auto product = root_.find("product");
  if (!product || !product->is(JsonKind::string)) return;
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::ranges::all_of(product->string(), fits))
    should("product-format",
           "4.12.1",
           *product,
           "'product' should be in lower case, with hyphens between words");
}

namespace {

/// The four TLP 1 definitions, which no one may write otherwise (7.2.1.4).
struct TlpDefinition {
  std::string_view tlp, id;
};
constexpr TlpDefinition tlp_definitions[] = {
    {"white", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"},
    {"green", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"},
    {"amber", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"},
    {"red", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"},
};

bool is_tlp_definition(const Json& object, std::string_view tlp) {
  const auto row = std::ranges::find(tlp_definitions, tlp, &TlpDefinition::tlp);
  const auto created = parse_time(text_of(object, "created"));
  return row != std::end(tlp_definitions) && text_of(object, "id") == row->id && created &&
         created->at == parse_time("2017-01-20T00:00:00.000Z")->at;
}

}  // namespace

void Checker::check_marking_definition() {
  const auto type_at = root_.find("definition_type");
  const auto definition = root_.find("definition");
  if (!type_at || !definition || !type_at->is(JsonKind::string) || !definition->is(JsonKind::object)) return;
  const auto type = type_at->string();
  if (type == "statement") {
    if (text_of(*definition, "statement").empty())
      error("required", "7.2.1.3", *definition, "a statement marking must have a 'statement'");
  } else if (type == "tlp") {
    if (!is_tlp_definition(root_, text_of(*definition, "tlp")))
      error("tlp-definition",
            "7.2.1.4",
            *definition,
            "a TLP marking must be one of the four of the standard, unchanged");
  } else {
    should("marking-definition-type",
           "7.2.1.1",
           *type_at,
           "'{}' is neither statement nor tlp; new kinds should come with an extension (7.3)",
           shown(type));
  }
}

void Checker::check_extension_definition() {
  const auto types = root_.find("extension_types");
  bool toplevel = false;
  if (types && types->is(JsonKind::array)) {
    const Json list = *types;
    for (const Json type : list)
      toplevel = toplevel || (type.is(JsonKind::string) && type.string() == "toplevel-property-extension");
  }
  const auto properties = root_.find("extension_properties");
  if (properties && !toplevel)
    error("extension-properties",
          "7.3.1",
          *properties,
          "'extension_properties' is only for extensions of type toplevel-property-extension");
  if (!properties && toplevel)
    should(
        "extension-properties", "7.3.1", root_, "a toplevel-property-extension should name its properties");
  if (properties && properties->is(JsonKind::array)) {
    const Json list = *properties;
    for (const Json name : list)
      if (name.is(JsonKind::string) && !is_property_name(name.string()))
        error("property-name",
              "7.3.2.1",
              name,
              "a property name is 3 to 250 lower-case letters, digits and underscores");
  }
  if (!root_.find("description"))
    should("extension-description", "7.3.1", root_, "an extension definition should have a description");
}

void Checker::check_translations(const Json& contents) {
  if (!expect(contents, JsonKind::object, "7.1.1", "contents")) return;
  if (contents.size() == 0) error("empty-dictionary", "2.3", contents, "'contents' must not be empty");
  for (const Json translation : contents) {
    if (!is_language_tag(translation.key()))
      error("language",
            "7.1.1",
            translation,
            "the key '{}' is no RFC 5646 language code",
            shown(translation.key()));
    if (!expect(translation, JsonKind::object, "7.1.1", translation.key())) continue;
    for (const Json property : translation) {
      if (!is_property_name(property.key()))
        error("property-name",
              "7.1.1",
              property,
              "'{}' cannot be the name of a property",
              shown(property.key()));
      check_custom_value(property, 1);
    }
  }
}

void Checker::check_bundle() {
  const auto objects = root_.find("objects");
  if (!objects || !objects->is(JsonKind::array)) return;
  std::set<std::string, std::less<>> seen;
  const Json list = *objects;
  for (const Json object : list) {
    if (!object.is(JsonKind::object)) continue;
    append_findings(findings_, object, {.strict = should_ == Severity::error, .warnings = warnings_});
    const auto id = text_of(object, "id");
    const auto modified = text_of(object, "modified");
    if (!modified.empty() && !seen.insert(fmt::format("{} {}", id, modified)).second)
      should("duplicate-id", "3.6", object, "'{}' stands twice with the same 'modified'", shown(id, 128));
  }
}

void append_findings(std::vector<Finding>& findings, const Json& object, const ReadOptions& options) {
  std::optional<std::string> place;  // walks past all that stands before: only when there is something to say
  for (Finding& finding : check_object(object, options)) {
    if (!place) place = object.pointer();
    finding.pointer.insert(0, *place);
    findings.push_back(std::move(finding));
  }
}

}  // namespace shieldwall::model
