// STIX domain objects, section 4: what each type adds to the common properties.

#include "model/stix_common.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

using enum Kind;
using enum Need;
namespace ov = vocabulary;

constexpr Property name_row = {.name = "name", .need = required};
constexpr Property optional_name_row = {.name = "name"};
constexpr Property description_row = {.name = "description"};
constexpr Property aliases_row = {.name = "aliases", .list = true};
constexpr Property goals_row = {.name = "goals", .list = true};
constexpr Property first_seen_row = {.name = "first_seen", .kind = timestamp};
constexpr Property last_seen_row = {.name = "last_seen", .kind = timestamp};
constexpr Property object_refs_row = {
    .name = "object_refs", .kind = identifier, .list = true, .need = required};
constexpr Property phases_row = {
    .name = "kill_chain_phases", .kind = structure, .list = true, .structure = &kill_chain_phase};

constexpr std::string_view seen[] = {"last_seen", "first_seen"};
constexpr std::string_view only_software[] = {"software"};
constexpr std::string_view samples[] = {"artifact", "file"};
constexpr std::string_view analysed[] = {"artifact", "file", "network-traffic"};
constexpr std::string_view observables_only[] = {any_sco};
constexpr std::string_view observables_and_relationships[] = {any_sco, any_sro};

constexpr Property attack_pattern[] = {name_row, description_row, aliases_row, phases_row};

constexpr Property campaign[] = {
    name_row,
    description_row,
    aliases_row,
    first_seen_row,
    last_seen_row,
    {.name = "objective"},
};
constexpr Rule campaign_rules[] = {{RuleKind::not_before, seen, "4.2.1"}};

constexpr Property course_of_action[] = {name_row, description_row, {.name = "action", .need = reserved}};

constexpr Property grouping[] = {
    optional_name_row,
    description_row,
    {.name = "context", .kind = open_vocabulary, .need = required, .vocabulary = &ov::grouping_context_ov},
    object_refs_row,
};

constexpr Property identity[] = {
    name_row,
    description_row,
    {.name = "roles", .list = true},
    {.name = "identity_class", .kind = open_vocabulary, .vocabulary = &ov::identity_class_ov},
    {.name = "sectors", .kind = open_vocabulary, .list = true, .vocabulary = &ov::industry_sector_ov},
    {.name = "contact_information"},
};

constexpr Property incident[] = {name_row, description_row};

constexpr Property indicator[] = {
    optional_name_row,
    description_row,
    {.name = "indicator_types", .kind = open_vocabulary, .list = true, .vocabulary = &ov::indicator_type_ov},
    {.name = "pattern", .need = required},
    {.name = "pattern_type", .kind = open_vocabulary, .need = required, .vocabulary = &ov::pattern_type_ov},
    {.name = "pattern_version"},
    {.name = "valid_from", .kind = timestamp, .need = required},
    {.name = "valid_until", .kind = timestamp},
    phases_row,
};
constexpr std::string_view validity[] = {"valid_until", "valid_from"};
constexpr Rule indicator_rules[] = {{RuleKind::after, validity, "4.7.1"}};

constexpr Property infrastructure[] = {
    name_row,
    description_row,
    {.name = "infrastructure_types",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::infrastructure_type_ov},
    aliases_row,
    phases_row,
    first_seen_row,
    last_seen_row,
};
constexpr Rule infrastructure_rules[] = {{RuleKind::not_before, seen, "4.8.1"}};

constexpr Property intrusion_set[] = {
    name_row,
    description_row,
    aliases_row,
    first_seen_row,
    last_seen_row,
    goals_row,
    {.name = "resource_level", .kind = open_vocabulary, .vocabulary = &ov::attack_resource_level_ov},
    {.name = "primary_motivation", .kind = open_vocabulary, .vocabulary = &ov::attack_motivation_ov},
    {.name = "secondary_motivations",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::attack_motivation_ov},
};
constexpr Rule intrusion_set_rules[] = {{RuleKind::not_before, seen, "4.9.1"}};

constexpr Property location[] = {
    optional_name_row,
    description_row,
    {.name = "latitude", .kind = number, .min = -90, .max = 90},
    {.name = "longitude", .kind = number, .min = -180, .max = 180},
    {.name = "precision", .kind = number},
    {.name = "region", .kind = open_vocabulary, .vocabulary = &ov::region_ov},
    {.name = "country"},
    {.name = "administrative_area"},
    {.name = "city"},
    {.name = "street_address"},
    {.name = "postal_code"},
};
constexpr std::string_view place[] = {"region", "country", "latitude"};
constexpr std::string_view latitude_needs[] = {"latitude", "longitude"};
constexpr std::string_view longitude_needs[] = {"longitude", "latitude"};
constexpr std::string_view precision_needs[] = {"precision", "latitude", "longitude"};
constexpr Rule location_rules[] = {
    {RuleKind::at_least_one, place, "4.10.1"},
    {RuleKind::needs, latitude_needs, "4.10.1"},
    {RuleKind::needs, longitude_needs, "4.10.1"},
    {RuleKind::needs, precision_needs, "4.10.1"},
};

constexpr Property malware[] = {
    optional_name_row,
    description_row,
    {.name = "malware_types", .kind = open_vocabulary, .list = true, .vocabulary = &ov::malware_type_ov},
    {.name = "is_family", .kind = boolean, .need = required},
    aliases_row,
    phases_row,
    first_seen_row,
    last_seen_row,
    {.name = "operating_system_refs", .kind = identifier, .list = true, .targets = only_software},
    {.name = "architecture_execution_envs",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::processor_architecture_ov},
    {.name = "implementation_languages",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::implementation_language_ov},
    {.name = "capabilities",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::malware_capabilities_ov},
    {.name = "sample_refs", .kind = identifier, .list = true, .targets = samples},
};
constexpr std::string_view family_name[] = {"is_family", "name"};
constexpr Rule malware_rules[] = {
    {RuleKind::not_before, seen, "4.11.1"},
    {RuleKind::true_needs, family_name, "4.11.1"},
};

constexpr Property malware_analysis[] = {
    {.name = "product", .need = required},
    {.name = "version"},
    {.name = "host_vm_ref", .kind = identifier, .targets = only_software},
    {.name = "operating_system_ref", .kind = identifier, .targets = only_software},
    {.name = "installed_software_refs", .kind = identifier, .list = true, .targets = only_software},
    {.name = "configuration_version"},
    {.name = "modules", .list = true},
    {.name = "analysis_engine_version"},
    {.name = "analysis_definition_version"},
    {.name = "submitted", .kind = timestamp},
    {.name = "analysis_started", .kind = timestamp},
    {.name = "analysis_ended", .kind = timestamp},
    {.name = "result_name"},
    {.name = "result", .kind = open_vocabulary, .vocabulary = &ov::malware_result_ov},
    {.name = "analysis_sco_refs", .kind = identifier, .list = true, .targets = observables_only},
    {.name = "sample_ref", .kind = identifier, .targets = analysed},
};
constexpr std::string_view analysis_result[] = {"result", "analysis_sco_refs"};
constexpr Rule malware_analysis_rules[] = {{RuleKind::at_least_one, analysis_result, "4.12.1"}};

constexpr Property note[] = {{.name = "abstract"},
                             {.name = "content", .need = required},
                             {.name = "authors", .list = true},
                             object_refs_row};

constexpr Property observed_data[] = {
    {.name = "first_observed", .kind = timestamp, .need = required},
    {.name = "last_observed", .kind = timestamp, .need = required},
    {.name = "number_observed", .kind = integer, .need = required, .min = 1, .max = 999'999'999},
    {.name = "objects", .kind = observables, .need = deprecated},
    {.name = "object_refs", .kind = identifier, .list = true, .targets = observables_and_relationships},
};
constexpr std::string_view observed[] = {"last_observed", "first_observed"};
constexpr std::string_view observed_content[] = {"object_refs", "objects"};
constexpr Rule observed_data_rules[] = {
    {RuleKind::not_before, observed, "4.14.1"},
    {RuleKind::exactly_one, observed_content, "4.14.1"},
};

constexpr Property opinion[] = {
    {.name = "explanation"},
    {.name = "authors", .list = true},
    {.name = "opinion", .kind = enumeration, .need = required, .vocabulary = &ov::opinion_enum},
    object_refs_row,
};

constexpr Property report[] = {
    name_row,
    description_row,
    {.name = "report_types", .kind = open_vocabulary, .list = true, .vocabulary = &ov::report_type_ov},
    {.name = "published", .kind = timestamp, .need = required},
    object_refs_row,
};

constexpr Property threat_actor[] = {
    name_row,
    description_row,
    {.name = "threat_actor_types",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::threat_actor_type_ov},
    aliases_row,
    first_seen_row,
    last_seen_row,
    {.name = "roles", .kind = open_vocabulary, .list = true, .vocabulary = &ov::threat_actor_role_ov},
    goals_row,
    {.name = "sophistication", .kind = open_vocabulary, .vocabulary = &ov::threat_actor_sophistication_ov},
    {.name = "resource_level", .kind = open_vocabulary, .vocabulary = &ov::attack_resource_level_ov},
    {.name = "primary_motivation", .kind = open_vocabulary, .vocabulary = &ov::attack_motivation_ov},
    {.name = "secondary_motivations",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::attack_motivation_ov},
    {.name = "personal_motivations",
     .kind = open_vocabulary,
     .list = true,
     .vocabulary = &ov::attack_motivation_ov},
};
constexpr Rule threat_actor_rules[] = {{RuleKind::not_before, seen, "4.17.1"}};

constexpr Property tool[] = {
    name_row,
    description_row,
    {.name = "tool_types", .kind = open_vocabulary, .list = true, .vocabulary = &ov::tool_type_ov},
    aliases_row,
    phases_row,
    {.name = "tool_version"},
};

constexpr Property vulnerability[] = {name_row, description_row};

StixType sdo(std::string_view name,
             std::string_view section,
             std::span<const Property> properties,
             std::span<const Rule> rules = {}) {
  return {TypeClass::sdo, {name, section, properties, rules}, common_of_domain_objects};
}

}  // namespace

std::span<const StixType> domain_types() {
  static const StixType types[] = {
      sdo("attack-pattern", "4.1.1", attack_pattern),
      sdo("campaign", "4.2.1", campaign, campaign_rules),
      sdo("course-of-action", "4.3.1", course_of_action),
      sdo("grouping", "4.4.1", grouping),
      sdo("identity", "4.5.1", identity),
      sdo("incident", "4.6.1", incident),
      sdo("indicator", "4.7.1", indicator, indicator_rules),
      sdo("infrastructure", "4.8.1", infrastructure, infrastructure_rules),
      sdo("intrusion-set", "4.9.1", intrusion_set, intrusion_set_rules),
      sdo("location", "4.10.1", location, location_rules),
      sdo("malware", "4.11.1", malware, malware_rules),
      sdo("malware-analysis", "4.12.1", malware_analysis, malware_analysis_rules),
      sdo("note", "4.13.1", note),
      sdo("observed-data", "4.14.1", observed_data, observed_data_rules),
      sdo("opinion", "4.15.1", opinion),
      sdo("report", "4.16.1", report),
      sdo("threat-actor", "4.17.1", threat_actor, threat_actor_rules),
      sdo("tool", "4.18.1", tool),
      sdo("vulnerability", "4.19.1", vulnerability),
  };
  return types;
}

}  // namespace shieldwall::model
