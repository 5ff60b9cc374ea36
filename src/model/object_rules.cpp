#include "model/object_rules.h"

#include <algorithm>

#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

constexpr std::string_view rules[] = {
    "container-key",
    "country",
    "custom-extension",
    "custom-name",
    "custom-name-prefix",
    "custom-object",
    "custom-property",
    "deprecated",
    "dictionary-key-case",
    "duplicate-id",
    "extension-description",
    "extension-properties",
    "external-reference-hashes",
    "http-request-header",
    "indicator-properties",
    "ipfix",
    "kill-chain-name",
    "language-registry",
    "marking-definition-type",
    "media-type",
    "more",
    "network-traffic-ports",
    "open-vocabulary-format",
    "pdf-information",
    "process-priority",
    "product-format",
    "protocol",
    "relationship-type-suggested",
    "socket-option",
    "uuid-version",
};

const Vocabulary* const vocabularies[] = {
    &vocabulary::account_type_ov,
    &vocabulary::attack_motivation_ov,
    &vocabulary::attack_resource_level_ov,
    &vocabulary::grouping_context_ov,
    &vocabulary::hash_algorithm_ov,
    &vocabulary::identity_class_ov,
    &vocabulary::implementation_language_ov,
    &vocabulary::indicator_type_ov,
    &vocabulary::industry_sector_ov,
    &vocabulary::infrastructure_type_ov,
    &vocabulary::malware_capabilities_ov,
    &vocabulary::malware_result_ov,
    &vocabulary::malware_type_ov,
    &vocabulary::pattern_type_ov,
    &vocabulary::processor_architecture_ov,
    &vocabulary::region_ov,
    &vocabulary::report_type_ov,
    &vocabulary::threat_actor_type_ov,
    &vocabulary::threat_actor_role_ov,
    &vocabulary::threat_actor_sophistication_ov,
    &vocabulary::tool_type_ov,
    &vocabulary::windows_pebinary_type_ov,
};

}  // namespace

std::vector<std::string_view> advice_rules() {
  std::vector<std::string_view> all(std::begin(rules), std::end(rules));
  for (const auto* one : vocabularies) all.push_back(one->name);
  std::ranges::sort(all);
  return all;
}

}  // namespace shieldwall::model
