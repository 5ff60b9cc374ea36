#pragma once
// The open vocabularies and enumerations of STIX 2.1 section 10, with the values that Errata 01 adds.

#include "model/stix_schema.h"

namespace shieldwall::model::vocabulary {

extern const Vocabulary account_type_ov;
extern const Vocabulary attack_motivation_ov;
extern const Vocabulary attack_resource_level_ov;
extern const Vocabulary encryption_algorithm_enum;
extern const Vocabulary extension_type_enum;
extern const Vocabulary grouping_context_ov;
extern const Vocabulary hash_algorithm_ov;
extern const Vocabulary identity_class_ov;
extern const Vocabulary implementation_language_ov;
extern const Vocabulary indicator_type_ov;
extern const Vocabulary industry_sector_ov;
extern const Vocabulary infrastructure_type_ov;
extern const Vocabulary malware_capabilities_ov;
extern const Vocabulary malware_result_ov;
extern const Vocabulary malware_type_ov;
extern const Vocabulary network_socket_address_family_enum;
extern const Vocabulary network_socket_type_enum;
extern const Vocabulary opinion_enum;
extern const Vocabulary pattern_type_ov;
extern const Vocabulary processor_architecture_ov;
extern const Vocabulary region_ov;
extern const Vocabulary report_type_ov;
extern const Vocabulary threat_actor_type_ov;
extern const Vocabulary threat_actor_role_ov;
extern const Vocabulary threat_actor_sophistication_ov;
extern const Vocabulary tool_type_ov;
extern const Vocabulary windows_integrity_level_enum;
extern const Vocabulary windows_pebinary_type_ov;
extern const Vocabulary windows_registry_datatype_enum;
extern const Vocabulary windows_service_start_type_enum;
extern const Vocabulary windows_service_type_enum;
extern const Vocabulary windows_service_status_enum;

}  // namespace shieldwall::model::vocabulary
