// STIX 2.0 (parts 2 and 4): which types it had, what it required, and which properties came with 2.1.

#include <algorithm>

#include "model/object_check.h"

namespace shieldwall::model {

namespace {

struct TypeInV20 {
  std::string_view type;
  Names required;
  Names new_in_v2_1;
};

constexpr std::string_view attack_pattern_required[] = {"name"};
constexpr std::string_view attack_pattern_new[] = {"aliases"};
constexpr std::string_view campaign_required[] = {"name"};
constexpr std::string_view course_of_action_required[] = {"name"};
constexpr std::string_view identity_required[] = {"name", "identity_class"};
constexpr std::string_view identity_new[] = {"roles"};
constexpr std::string_view indicator_required[] = {"labels", "pattern", "valid_from"};
constexpr std::string_view indicator_new[] = {"indicator_types", "pattern_type", "pattern_version"};
constexpr std::string_view intrusion_set_required[] = {"name"};
constexpr std::string_view malware_required[] = {"labels", "name"};
constexpr std::string_view malware_new[] = {"malware_types",
                                            "is_family",
                                            "aliases",
                                            "first_seen",
                                            "last_seen",
                                            "operating_system_refs",
                                            "architecture_execution_envs",
                                            "implementation_languages",
                                            "capabilities",
                                            "sample_refs"};
constexpr std::string_view observed_data_required[] = {
    "first_observed", "last_observed", "number_observed", "objects"};
constexpr std::string_view observed_data_new[] = {"object_refs"};
constexpr std::string_view report_required[] = {"labels", "name", "published", "object_refs"};
constexpr std::string_view report_new[] = {"report_types"};
constexpr std::string_view threat_actor_required[] = {"labels", "name"};
constexpr std::string_view threat_actor_new[] = {"threat_actor_types", "first_seen", "last_seen"};
constexpr std::string_view tool_required[] = {"labels", "name"};
constexpr std::string_view tool_new[] = {"tool_types", "aliases"};
constexpr std::string_view vulnerability_required[] = {"name"};
constexpr std::string_view relationship_required[] = {"relationship_type", "source_ref", "target_ref"};
constexpr std::string_view relationship_new[] = {"start_time", "stop_time"};
constexpr std::string_view sighting_required[] = {"sighting_of_ref"};
constexpr std::string_view sighting_new[] = {"description"};
constexpr std::string_view marking_definition_required[] = {"definition_type", "definition"};
constexpr std::string_view marking_definition_new[] = {"name"};
constexpr std::string_view common_new[] = {"confidence", "lang", "extensions", "spec_version"};

constexpr TypeInV20 types[] = {
    {"attack-pattern", attack_pattern_required, attack_pattern_new},
    {"campaign", campaign_required, {}},
    {"course-of-action", course_of_action_required, {}},
    {"identity", identity_required, identity_new},
    {"indicator", indicator_required, indicator_new},
    {"intrusion-set", intrusion_set_required, {}},
    {"malware", malware_required, malware_new},
    {"observed-data", observed_data_required, observed_data_new},
    {"report", report_required, report_new},
    {"threat-actor", threat_actor_required, threat_actor_new},
    {"tool", tool_required, tool_new},
    {"vulnerability", vulnerability_required, {}},
    {"relationship", relationship_required, relationship_new},
    {"sighting", sighting_required, sighting_new},
    {"marking-definition", marking_definition_required, marking_definition_new},
};

const TypeInV20* find(std::string_view type) {
  const auto row = std::ranges::find(types, type, &TypeInV20::type);
  return row == std::end(types) ? nullptr : row;
}

}  // namespace

bool is_v2_0_type(std::string_view type) {
  return find(type) != nullptr;
}

Names required_in_v2_0(std::string_view type) {
  const TypeInV20* row = find(type);
  return row == nullptr ? Names{} : row->required;
}

bool is_new_in_v2_1(std::string_view type, std::string_view property) {
  const TypeInV20* row = find(type);
  return contains(common_new, property) || (row != nullptr && contains(row->new_in_v2_1, property));
}

}  // namespace shieldwall::model
