#include "model/stix_vocabularies.h"

namespace shieldwall::model::vocabulary {

namespace {

constexpr std::string_view account_type_ov_values[] = {"facebook",
                                                       "ldap",
                                                       "nis",
                                                       "openid",
                                                       "radius",
                                                       "skype",
                                                       "tacacs",
                                                       "twitter",
                                                       "unix",
                                                       "windows-local",
                                                       "windows-domain"};
constexpr std::string_view attack_motivation_ov_values[] = {"accidental",
                                                            "coercion",
                                                            "dominance",
                                                            "ideology",
                                                            "notoriety",
                                                            "organizational-gain",
                                                            "personal-gain",
                                                            "personal-satisfaction",
                                                            "revenge",
                                                            "unpredictable"};
constexpr std::string_view attack_resource_level_ov_values[] = {
    "individual", "club", "contest", "team", "organization", "government"};
constexpr std::string_view encryption_algorithm_enum_values[] = {
    "AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"};
constexpr std::string_view extension_type_enum_values[] = {
    "new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"};
constexpr std::string_view grouping_context_ov_values[] = {
    "suspicious-activity", "malware-analysis", "unspecified"};
constexpr std::string_view hash_algorithm_ov_values[] = {
    "MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH"};
constexpr std::string_view identity_class_ov_values[] = {
    "individual", "group", "system", "organization", "class", "unknown"};
constexpr std::string_view implementation_language_ov_values[] = {
    "applescript", "bash",        "c",          "c++",          "c#",         "go",     "java", "javascript",
    "lua",         "objective-c", "perl",       "php",          "powershell", "python", "ruby", "rust",
    "scala",       "swift",       "typescript", "visual-basic", "x86-32",     "x86-64"};
constexpr std::string_view indicator_type_ov_values[] = {"anomalous-activity",
                                                         "anonymization",
                                                         "benign",
                                                         "compromised",
                                                         "malicious-activity",
                                                         "attribution",
                                                         "unknown"};
constexpr std::string_view industry_sector_ov_values[] = {"agriculture",
                                                          "aerospace",
                                                          "automotive",
                                                          "chemical",
                                                          "commercial",
                                                          "communications",
                                                          "construction",
                                                          "defense",
                                                          "education",
                                                          "energy",
                                                          "entertainment",
                                                          "financial-services",
                                                          "government",
                                                          "emergency-services",
                                                          "government-local",
                                                          "government-national",
                                                          "government-public-services",
                                                          "government-regional",
                                                          "healthcare",
                                                          "hospitality-leisure",
                                                          "infrastructure",
                                                          "dams",
                                                          "nuclear",
                                                          "water",
                                                          "insurance",
                                                          "legal",
                                                          "manufacturing",
                                                          "mining",
                                                          "non-profit",
                                                          "pharmaceuticals",
                                                          "retail",
                                                          "technology",
                                                          "telecommunications",
                                                          "transportation",
                                                          "utilities"};
constexpr std::string_view infrastructure_type_ov_values[] = {"amplification",
                                                              "anonymization",
                                                              "botnet",
                                                              "command-and-control",
                                                              "control-system",
                                                              "exfiltration",
                                                              "firewall",
                                                              "hosting-malware",
                                                              "hosting-target-lists",
                                                              "phishing",
                                                              "reconnaissance",
                                                              "routers-switches",
                                                              "staging",
                                                              "workstation",
                                                              "unknown"};
constexpr std::string_view malware_capabilities_ov_values[] = {"accesses-remote-machines",
                                                               "anti-debugging",
                                                               "anti-disassembly",
                                                               "anti-emulation",
                                                               "anti-memory-forensics",
                                                               "anti-sandbox",
                                                               "anti-vm",
                                                               "captures-input-peripherals",
                                                               "captures-output-peripherals",
                                                               "captures-system-state-data",
                                                               "cleans-traces-of-infection",
                                                               "commits-fraud",
                                                               "communicates-with-c2",
                                                               "compromises-data-availability",
                                                               "compromises-data-integrity",
                                                               "compromises-system-availability",
                                                               "controls-local-machine",
                                                               "degrades-security-software",
                                                               "degrades-system-updates",
                                                               "determines-c2-server",
                                                               "emails-spam",
                                                               "escalates-privileges",
                                                               "evades-av",
                                                               "exfiltrates-data",
                                                               "fingerprints-host",
                                                               "hides-artifacts",
                                                               "hides-executing-code",
                                                               "infects-files",
                                                               "infects-remote-machines",
                                                               "installs-other-components",
                                                               "persists-after-system-reboot",
                                                               "prevents-artifact-access",
                                                               "prevents-artifact-deletion",
                                                               "probes-network-environment",
                                                               "self-modifies",
                                                               "steals-authentication-credentials",
                                                               "violates-system-operational-integrity"};
constexpr std::string_view malware_result_ov_values[] = {"malicious", "suspicious", "benign", "unknown"};
constexpr std::string_view malware_type_ov_values[] = {"adware",
                                                       "backdoor",
                                                       "bot",
                                                       "bootkit",
                                                       "ddos",
                                                       "downloader",
                                                       "dropper",
                                                       "exploit-kit",
                                                       "keylogger",
                                                       "ransomware",
                                                       "remote-access-trojan",
                                                       "resource-exploitation",
                                                       "rogue-security-software",
                                                       "rootkit",
                                                       "screen-capture",
                                                       "spyware",
                                                       "trojan",
                                                       "unknown",
                                                       "virus",
                                                       "webshell",
                                                       "wiper",
                                                       "worm"};
constexpr std::string_view network_socket_address_family_enum_values[] = {
    "AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"};
constexpr std::string_view network_socket_type_enum_values[] = {
    "SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"};
constexpr std::string_view opinion_enum_values[] = {
    "strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"};
constexpr std::string_view pattern_type_ov_values[] = {"stix", "pcre", "sigma", "snort", "suricata", "yara"};
constexpr std::string_view processor_architecture_ov_values[] = {
    "alpha", "arm", "ia-64", "mips", "powerpc", "sparc", "x86", "x86-64"};
constexpr std::string_view region_ov_values[] = {"africa",
                                                 "eastern-africa",
                                                 "middle-africa",
                                                 "northern-africa",
                                                 "southern-africa",
                                                 "western-africa",
                                                 "americas",
                                                 "latin-america-caribbean",
                                                 "south-america",
                                                 "caribbean",
                                                 "central-america",
                                                 "northern-america",
                                                 "asia",
                                                 "central-asia",
                                                 "eastern-asia",
                                                 "southern-asia",
                                                 "south-eastern-asia",
                                                 "western-asia",
                                                 "europe",
                                                 "eastern-europe",
                                                 "northern-europe",
                                                 "southern-europe",
                                                 "western-europe",
                                                 "oceania",
                                                 "australia-new-zealand",
                                                 "melanesia",
                                                 "micronesia",
                                                 "polynesia",
                                                 "antarctica"};
constexpr std::string_view report_type_ov_values[] = {"attack-pattern",
                                                      "campaign",
                                                      "identity",
                                                      "incident",
                                                      "indicator",
                                                      "intrusion-set",
                                                      "malware",
                                                      "observed-data",
                                                      "threat-actor",
                                                      "threat-report",
                                                      "tool",
                                                      "vulnerability"};
constexpr std::string_view threat_actor_type_ov_values[] = {"activist",
                                                            "competitor",
                                                            "crime-syndicate",
                                                            "criminal",
                                                            "hacker",
                                                            "insider-accidental",
                                                            "insider-disgruntled",
                                                            "nation-state",
                                                            "private-sector",
                                                            "sensationalist",
                                                            "spy",
                                                            "terrorist",
                                                            "unknown"};
constexpr std::string_view threat_actor_role_ov_values[] = {"agent",
                                                            "director",
                                                            "independent",
                                                            "infrastructure-architect",
                                                            "infrastructure-operator",
                                                            "malware-author",
                                                            "sponsor"};
constexpr std::string_view threat_actor_sophistication_ov_values[] = {
    "none", "minimal", "intermediate", "advanced", "expert", "innovator", "strategic"};
constexpr std::string_view tool_type_ov_values[] = {"denial-of-service",
                                                    "exploitation",
                                                    "information-gathering",
                                                    "network-capture",
                                                    "credential-exploitation",
                                                    "remote-access",
                                                    "vulnerability-scanning",
                                                    "unknown"};
constexpr std::string_view windows_integrity_level_enum_values[] = {"low", "medium", "high", "system"};
constexpr std::string_view windows_pebinary_type_ov_values[] = {"dll", "exe", "sys"};
constexpr std::string_view windows_registry_datatype_enum_values[] = {"REG_NONE",
                                                                      "REG_SZ",
                                                                      "REG_EXPAND_SZ",
                                                                      "REG_BINARY",
                                                                      "REG_DWORD",
                                                                      "REG_DWORD_BIG_ENDIAN",
                                                                      "REG_DWORD_LITTLE_ENDIAN",
                                                                      "REG_LINK",
                                                                      "REG_MULTI_SZ",
                                                                      "REG_RESOURCE_LIST",
                                                                      "REG_FULL_RESOURCE_DESCRIPTION",
                                                                      "REG_RESOURCE_REQUIREMENTS_LIST",
                                                                      "REG_QWORD",
                                                                      "REG_INVALID_TYPE"};
constexpr std::string_view windows_service_start_type_enum_values[] = {"SERVICE_AUTO_START",
                                                                       "SERVICE_BOOT_START",
                                                                       "SERVICE_DEMAND_START",
                                                                       "SERVICE_DISABLED",
                                                                       "SERVICE_SYSTEM_ALERT"};
constexpr std::string_view windows_service_type_enum_values[] = {"SERVICE_KERNEL_DRIVER",
                                                                 "SERVICE_FILE_SYSTEM_DRIVER",
                                                                 "SERVICE_WIN32_OWN_PROCESS",
                                                                 "SERVICE_WIN32_SHARE_PROCESS"};
constexpr std::string_view windows_service_status_enum_values[] = {"SERVICE_CONTINUE_PENDING",
                                                                   "SERVICE_PAUSE_PENDING",
                                                                   "SERVICE_PAUSED",
                                                                   "SERVICE_RUNNING",
                                                                   "SERVICE_START_PENDING",
                                                                   "SERVICE_STOP_PENDING",
                                                                   "SERVICE_STOPPED"};

}  // namespace

constexpr Vocabulary account_type_ov = {"account-type-ov", "10.1", account_type_ov_values};
constexpr Vocabulary attack_motivation_ov = {"attack-motivation-ov", "10.2", attack_motivation_ov_values};
constexpr Vocabulary attack_resource_level_ov = {
    "attack-resource-level-ov", "10.3", attack_resource_level_ov_values};
constexpr Vocabulary encryption_algorithm_enum = {
    "encryption-algorithm-enum", "10.4", encryption_algorithm_enum_values};
constexpr Vocabulary extension_type_enum = {"extension-type-enum", "10.5", extension_type_enum_values};
constexpr Vocabulary grouping_context_ov = {"grouping-context-ov", "10.6", grouping_context_ov_values};
constexpr Vocabulary hash_algorithm_ov = {"hash-algorithm-ov", "10.7", hash_algorithm_ov_values};
constexpr Vocabulary identity_class_ov = {"identity-class-ov", "10.8", identity_class_ov_values};
constexpr Vocabulary implementation_language_ov = {
    "implementation-language-ov", "10.9", implementation_language_ov_values};
constexpr Vocabulary indicator_type_ov = {"indicator-type-ov", "10.10", indicator_type_ov_values};
constexpr Vocabulary industry_sector_ov = {"industry-sector-ov", "10.11", industry_sector_ov_values};
constexpr Vocabulary infrastructure_type_ov = {
    "infrastructure-type-ov", "10.12", infrastructure_type_ov_values};
constexpr Vocabulary malware_capabilities_ov = {
    "malware-capabilities-ov", "10.13", malware_capabilities_ov_values};
constexpr Vocabulary malware_result_ov = {"malware-result-ov", "10.14", malware_result_ov_values};
constexpr Vocabulary malware_type_ov = {"malware-type-ov", "10.15", malware_type_ov_values};
constexpr Vocabulary network_socket_address_family_enum = {
    "network-socket-address-family-enum", "10.16", network_socket_address_family_enum_values};
constexpr Vocabulary network_socket_type_enum = {
    "network-socket-type-enum", "10.17", network_socket_type_enum_values};
constexpr Vocabulary opinion_enum = {"opinion-enum", "10.18", opinion_enum_values};
constexpr Vocabulary pattern_type_ov = {"pattern-type-ov", "10.19", pattern_type_ov_values};
constexpr Vocabulary processor_architecture_ov = {
    "processor-architecture-ov", "10.20", processor_architecture_ov_values};
constexpr Vocabulary region_ov = {"region-ov", "10.21", region_ov_values};
constexpr Vocabulary report_type_ov = {"report-type-ov", "10.22", report_type_ov_values};
constexpr Vocabulary threat_actor_type_ov = {"threat-actor-type-ov", "10.23", threat_actor_type_ov_values};
constexpr Vocabulary threat_actor_role_ov = {"threat-actor-role-ov", "10.24", threat_actor_role_ov_values};
constexpr Vocabulary threat_actor_sophistication_ov = {
    "threat-actor-sophistication-ov", "10.25", threat_actor_sophistication_ov_values};
constexpr Vocabulary tool_type_ov = {"tool-type-ov", "10.26", tool_type_ov_values};
constexpr Vocabulary windows_integrity_level_enum = {
    "windows-integrity-level-enum", "10.27", windows_integrity_level_enum_values};
constexpr Vocabulary windows_pebinary_type_ov = {
    "windows-pebinary-type-ov", "10.28", windows_pebinary_type_ov_values};
constexpr Vocabulary windows_registry_datatype_enum = {
    "windows-registry-datatype-enum", "10.29", windows_registry_datatype_enum_values};
constexpr Vocabulary windows_service_start_type_enum = {
    "windows-service-start-type-enum", "10.30", windows_service_start_type_enum_values};
constexpr Vocabulary windows_service_type_enum = {
    "windows-service-type-enum", "10.31", windows_service_type_enum_values};
constexpr Vocabulary windows_service_status_enum = {
    "windows-service-status-enum", "10.32", windows_service_status_enum_values};

}  // namespace shieldwall::model::vocabulary
