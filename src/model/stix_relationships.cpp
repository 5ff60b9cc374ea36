// The relationships that STIX 2.1 names: section 5.1.1, Appendix B and Errata 01. Others are allowed.

#include "model/object_check.h"

namespace shieldwall::model {

namespace {

constexpr std::string_view to_malware[] = {"malware"};
constexpr std::string_view to_identity_location_3[] = {"identity", "location", "vulnerability"};
constexpr std::string_view to_malware_tool[] = {"malware", "tool"};
constexpr std::string_view to_intrusion_set_threat_actor[] = {"intrusion-set", "threat-actor"};
constexpr std::string_view to_infrastructure[] = {"infrastructure"};
constexpr std::string_view to_location[] = {"location"};
constexpr std::string_view to_attack_pattern_infrastructure_4[] = {
    "attack-pattern", "infrastructure", "malware", "tool"};
constexpr std::string_view to_indicator[] = {"indicator"};
constexpr std::string_view to_attack_pattern_indicator_5[] = {
    "attack-pattern", "indicator", "malware", "tool", "vulnerability"};
constexpr std::string_view to_malware_vulnerability[] = {"malware", "vulnerability"};
constexpr std::string_view to_domain_name_ipv4_addr_3[] = {"domain-name", "ipv4-addr", "ipv6-addr"};
constexpr std::string_view to_attack_pattern_campaign_7[] = {
    "attack-pattern", "campaign", "infrastructure", "intrusion-set", "malware", "threat-actor", "tool"};
constexpr std::string_view to_observed_data[] = {"observed-data"};
constexpr std::string_view to_infrastructure_ipv4_addr_5[] = {
    "infrastructure", "ipv4-addr", "ipv6-addr", "domain-name", "url"};
constexpr std::string_view to_infrastructure_observed_data_20[] = {"infrastructure",
                                                                   "observed-data",
                                                                   "artifact",
                                                                   "autonomous-system",
                                                                   "directory",
                                                                   "domain-name",
                                                                   "email-addr",
                                                                   "email-message",
                                                                   "file",
                                                                   "ipv4-addr",
                                                                   "ipv6-addr",
                                                                   "mac-addr",
                                                                   "mutex",
                                                                   "network-traffic",
                                                                   "process",
                                                                   "software",
                                                                   "url",
                                                                   "user-account",
                                                                   "windows-registry-key",
                                                                   "x509-certificate"};
constexpr std::string_view to_infrastructure_malware[] = {"infrastructure", "malware"};
constexpr std::string_view to_vulnerability[] = {"vulnerability"};
constexpr std::string_view to_tool_malware[] = {"tool", "malware"};
constexpr std::string_view to_threat_actor[] = {"threat-actor"};
constexpr std::string_view to_mac_addr[] = {"mac-addr"};
constexpr std::string_view to_autonomous_system[] = {"autonomous-system"};
constexpr std::string_view to_threat_actor_intrusion_set[] = {"threat-actor", "intrusion-set"};
constexpr std::string_view to_ipv4_addr_ipv6_addr_4[] = {"ipv4-addr", "ipv6-addr", "domain-name", "url"};
constexpr std::string_view to_malware_tool_3[] = {"malware", "tool", "file"};
constexpr std::string_view to_identity_infrastructure_4[] = {
    "identity", "infrastructure", "location", "vulnerability"};
constexpr std::string_view to_identity[] = {"identity"};

}  // namespace

std::span<const SuggestedRelationship> suggested_relationships() {
  static constexpr SuggestedRelationship rows[] = {
      {"attack-pattern", "delivers", to_malware},
      {"attack-pattern", "targets", to_identity_location_3},
      {"attack-pattern", "uses", to_malware_tool},
      {"campaign", "attributed-to", to_intrusion_set_threat_actor},
      {"campaign", "compromises", to_infrastructure},
      {"campaign", "originates-from", to_location},
      {"campaign", "targets", to_identity_location_3},
      {"campaign", "uses", to_attack_pattern_infrastructure_4},
      {"course-of-action", "investigates", to_indicator},
      {"course-of-action", "mitigates", to_attack_pattern_indicator_5},
      {"course-of-action", "remediates", to_malware_vulnerability},
      {"domain-name", "resolves-to", to_domain_name_ipv4_addr_3},
      {"identity", "located-at", to_location},
      {"indicator", "indicates", to_attack_pattern_campaign_7},
      {"indicator", "based-on", to_observed_data},
      {"infrastructure", "communicates-with", to_infrastructure_ipv4_addr_5},
      {"infrastructure", "consists-of", to_infrastructure_observed_data_20},
      {"infrastructure", "controls", to_infrastructure_malware},
      {"infrastructure", "delivers", to_malware},
      {"infrastructure", "has", to_vulnerability},
      {"infrastructure", "hosts", to_tool_malware},
      {"infrastructure", "located-at", to_location},
      {"infrastructure", "uses", to_infrastructure},
      {"intrusion-set", "attributed-to", to_threat_actor},
      {"intrusion-set", "compromises", to_infrastructure},
      {"intrusion-set", "hosts", to_infrastructure},
      {"intrusion-set", "owns", to_infrastructure},
      {"intrusion-set", "originates-from", to_location},
      {"intrusion-set", "targets", to_identity_location_3},
      {"intrusion-set", "uses", to_attack_pattern_infrastructure_4},
      {"ipv4-addr", "resolves-to", to_mac_addr},
      {"ipv4-addr", "belongs-to", to_autonomous_system},
      {"ipv6-addr", "resolves-to", to_mac_addr},
      {"ipv6-addr", "belongs-to", to_autonomous_system},
      {"malware", "authored-by", to_threat_actor_intrusion_set},
      {"malware", "beacons-to", to_infrastructure},
      {"malware", "exfiltrates-to", to_infrastructure},
      {"malware", "communicates-with", to_ipv4_addr_ipv6_addr_4},
      {"malware", "controls", to_malware},
      {"malware", "downloads", to_malware_tool_3},
      {"malware", "drops", to_malware_tool_3},
      {"malware", "exploits", to_vulnerability},
      {"malware", "originates-from", to_location},
      {"malware", "targets", to_identity_infrastructure_4},
      {"malware", "uses", to_attack_pattern_infrastructure_4},
      {"malware", "variant-of", to_malware},
      {"malware-analysis", "characterizes", to_malware},
      {"malware-analysis", "av-analysis-of", to_malware},
      {"malware-analysis", "static-analysis-of", to_malware},
      {"malware-analysis", "dynamic-analysis-of", to_malware},
      {"threat-actor", "attributed-to", to_identity},
      {"threat-actor", "compromises", to_infrastructure},
      {"threat-actor", "hosts", to_infrastructure},
      {"threat-actor", "owns", to_infrastructure},
      {"threat-actor", "impersonates", to_identity},
      {"threat-actor", "located-at", to_location},
      {"threat-actor", "targets", to_identity_location_3},
      {"threat-actor", "uses", to_attack_pattern_infrastructure_4},
      {"tool", "delivers", to_malware},
      {"tool", "drops", to_malware},
      {"tool", "has", to_vulnerability},
      {"tool", "targets", to_identity_infrastructure_4},
      {"tool", "uses", to_infrastructure},
  };
  return rows;
}

}  // namespace shieldwall::model
