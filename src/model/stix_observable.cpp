// STIX cyber-observable objects, section 6: what each type adds to the common properties, and which of them
// make its deterministic id (2.9, 3.4).

#include "model/stix_common.h"
#include "model/stix_extensions.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

using enum Kind;
using enum Need;
namespace ov = vocabulary;

constexpr Property value_row = {.name = "value", .need = required};
constexpr Property mime_type_row = {.name = "mime_type"};
constexpr Property hashes_row = {.name = "hashes", .kind = hashes};
constexpr Property ctime_row = {.name = "ctime", .kind = timestamp};
constexpr Property mtime_row = {.name = "mtime", .kind = timestamp};
constexpr Property atime_row = {.name = "atime", .kind = timestamp};

constexpr std::string_view only_artifact[] = {"artifact"};
constexpr std::string_view only_directory[] = {"directory"};
constexpr std::string_view only_file[] = {"file"};
constexpr std::string_view only_user_account[] = {"user-account"};
constexpr std::string_view only_email_addr[] = {"email-addr"};
constexpr std::string_view only_mac_addr[] = {"mac-addr"};
constexpr std::string_view only_autonomous_system[] = {"autonomous-system"};
constexpr std::string_view only_network_traffic[] = {"network-traffic"};
constexpr std::string_view only_process[] = {"process"};
constexpr std::string_view file_or_directory[] = {"file", "directory"};
constexpr std::string_view artifact_or_file[] = {"artifact", "file"};
constexpr std::string_view resolvable[] = {"domain-name", "ipv4-addr", "ipv6-addr"};
constexpr std::string_view ends_of_traffic[] = {"ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"};
constexpr std::string_view observables_only[] = {any_sco};

constexpr Property artifact[] = {
    mime_type_row,
    {.name = "payload_bin", .kind = binary},
    {.name = "url", .kind = uri},
    hashes_row,
    {.name = "encryption_algorithm", .kind = enumeration, .vocabulary = &ov::encryption_algorithm_enum},
    {.name = "decryption_key"},
};
constexpr std::string_view payload[] = {"payload_bin", "url"};
constexpr std::string_view url_hashes[] = {"url", "hashes"};
constexpr std::string_view key_algorithm[] = {"decryption_key", "encryption_algorithm"};
constexpr Rule artifact_rules[] = {
    {RuleKind::exactly_one, payload, "6.1.1"},
    {RuleKind::needs, url_hashes, "6.1.1"},
    {RuleKind::needs, key_algorithm, "6.1.1"},
};
constexpr std::string_view artifact_id[] = {"hashes", "payload_bin"};

constexpr Property autonomous_system[] = {
    {.name = "number", .kind = integer, .need = required}, {.name = "name"}, {.name = "rir"}};
constexpr std::string_view autonomous_system_id[] = {"number"};

constexpr Property directory[] = {
    {.name = "path", .need = required},
    {.name = "path_enc"},
    ctime_row,
    mtime_row,
    atime_row,
    {.name = "contains_refs", .kind = identifier, .list = true, .targets = file_or_directory},
};
constexpr std::string_view directory_id[] = {"path"};

constexpr Property domain_name[] = {
    value_row,
    {.name = "resolves_to_refs", .kind = identifier, .list = true, .need = deprecated, .targets = resolvable},
};
constexpr std::string_view value_id[] = {"value"};

constexpr Property email_addr[] = {
    value_row,
    {.name = "display_name"},
    {.name = "belongs_to_ref", .kind = identifier, .targets = only_user_account},
};

constexpr Property mime_part_rows[] = {
    {.name = "body"},
    {.name = "body_raw_ref", .kind = identifier, .targets = artifact_or_file},
    {.name = "content_type"},
    {.name = "content_disposition"},
};
constexpr std::string_view part_body[] = {"body", "body_raw_ref"};
constexpr Rule mime_part_rules[] = {{RuleKind::exactly_one, part_body, "6.6.2.1"}};
constexpr Structure mime_part = {"mime-part-type", "6.6.2.1", mime_part_rows, mime_part_rules};

constexpr Property email_message[] = {
    {.name = "is_multipart", .kind = boolean, .need = required},
    {.name = "date", .kind = timestamp},
    {.name = "content_type"},
    {.name = "from_ref", .kind = identifier, .targets = only_email_addr},
    {.name = "sender_ref", .kind = identifier, .targets = only_email_addr},
    {.name = "to_refs", .kind = identifier, .list = true, .targets = only_email_addr},
    {.name = "cc_refs", .kind = identifier, .list = true, .targets = only_email_addr},
    {.name = "bcc_refs", .kind = identifier, .list = true, .targets = only_email_addr},
    {.name = "message_id"},
    {.name = "subject"},
    {.name = "received_lines", .list = true},
    {.name = "additional_header_fields", .kind = dictionary},
    {.name = "body"},
    {.name = "body_multipart", .kind = structure, .list = true, .structure = &mime_part},
    {.name = "raw_email_ref", .kind = identifier, .targets = only_artifact},
};
constexpr std::string_view multipart_body[] = {"is_multipart", "body"};
constexpr std::string_view simple_body[] = {"is_multipart", "body_multipart"};
constexpr Rule email_message_rules[] = {
    {RuleKind::true_excludes, multipart_body, "6.6.1"},
    {RuleKind::false_excludes, simple_body, "6.6.1"},
};
constexpr std::string_view email_message_id[] = {"from_ref", "subject", "body"};

constexpr Property file[] = {
    hashes_row,
    {.name = "size", .kind = integer, .min = 0},
    {.name = "name"},
    {.name = "name_enc"},
    {.name = "magic_number_hex", .kind = hex},
    mime_type_row,
    ctime_row,
    mtime_row,
    atime_row,
    {.name = "parent_directory_ref", .kind = identifier, .targets = only_directory},
    {.name = "contains_refs", .kind = identifier, .list = true, .targets = observables_only},
    {.name = "content_ref", .kind = identifier, .targets = only_artifact},
};
constexpr std::string_view file_named[] = {"hashes", "name"};
constexpr std::string_view name_enc_needs[] = {"name_enc", "name"};
constexpr Rule file_rules[] = {
    {RuleKind::at_least_one, file_named, "6.7.1"},
    {RuleKind::needs, name_enc_needs, "3.1"},
};
constexpr std::string_view file_id[] = {"hashes", "name", "parent_directory_ref", "extensions"};

constexpr Property ip_address[] = {
    value_row,
    {.name = "resolves_to_refs",
     .kind = identifier,
     .list = true,
     .need = deprecated,
     .targets = only_mac_addr},
    {.name = "belongs_to_refs",
     .kind = identifier,
     .list = true,
     .need = deprecated,
     .targets = only_autonomous_system},
};

constexpr Property value_only[] = {value_row};

constexpr Property mutex[] = {{.name = "name", .need = required}};
constexpr std::string_view name_id[] = {"name"};

constexpr Property network_traffic[] = {
    {.name = "start", .kind = timestamp},
    {.name = "end", .kind = timestamp},
    {.name = "is_active", .kind = boolean},
    {.name = "src_ref", .kind = identifier, .targets = ends_of_traffic},
    {.name = "dst_ref", .kind = identifier, .targets = ends_of_traffic},
    {.name = "src_port", .kind = integer, .min = 0, .max = 65535},
    {.name = "dst_port", .kind = integer, .min = 0, .max = 65535},
    {.name = "protocols", .list = true, .need = required},
    {.name = "src_byte_count", .kind = integer, .min = 0},
    {.name = "dst_byte_count", .kind = integer, .min = 0},
    {.name = "src_packets", .kind = integer, .min = 0},
    {.name = "dst_packets", .kind = integer, .min = 0},
    {.name = "ipfix", .kind = dictionary},
    {.name = "src_payload_ref", .kind = identifier, .targets = only_artifact},
    {.name = "dst_payload_ref", .kind = identifier, .targets = only_artifact},
    {.name = "encapsulates_refs", .kind = identifier, .list = true, .targets = only_network_traffic},
    {.name = "encapsulated_by_ref", .kind = identifier, .targets = only_network_traffic},
};
constexpr std::string_view traffic_ends[] = {"src_ref", "dst_ref"};
constexpr std::string_view active_end[] = {"is_active", "end"};
constexpr std::string_view end_start[] = {"end", "start"};
constexpr Rule network_traffic_rules[] = {
    {RuleKind::at_least_one, traffic_ends, "6.12.1"},
    {RuleKind::true_excludes, active_end, "6.12.1"},
    {RuleKind::not_before, end_start, "6.12.1"},
};
constexpr std::string_view network_traffic_id[] = {
    "start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"};

constexpr Property process[] = {
    {.name = "is_hidden", .kind = boolean},
    {.name = "pid", .kind = integer},
    {.name = "created_time", .kind = timestamp},
    {.name = "cwd"},
    {.name = "command_line"},
    {.name = "environment_variables", .kind = dictionary},
    {.name = "opened_connection_refs", .kind = identifier, .list = true, .targets = only_network_traffic},
    {.name = "creator_user_ref", .kind = identifier, .targets = only_user_account},
    {.name = "image_ref", .kind = identifier, .targets = only_file},
    {.name = "parent_ref", .kind = identifier, .targets = only_process},
    {.name = "child_refs", .kind = identifier, .list = true, .targets = only_process},
};
constexpr Rule process_rules[] = {{RuleKind::any_property, {}, "6.13.1"}};

constexpr Property software[] = {
    {.name = "name", .need = required},
    {.name = "cpe", .kind = cpe},
    {.name = "swid"},
    {.name = "languages", .kind = language, .list = true},
    {.name = "vendor"},
    {.name = "version"},
};
constexpr std::string_view software_id[] = {"name", "cpe", "swid", "vendor", "version"};

constexpr Property url[] = {{.name = "value", .kind = uri, .need = required}};

constexpr Property user_account[] = {
    {.name = "user_id"},
    {.name = "credential"},
    {.name = "account_login"},
    {.name = "account_type", .kind = open_vocabulary, .vocabulary = &ov::account_type_ov},
    {.name = "display_name"},
    {.name = "is_service_account", .kind = boolean},
    {.name = "is_privileged", .kind = boolean},
    {.name = "can_escalate_privs", .kind = boolean},
    {.name = "is_disabled", .kind = boolean},
    {.name = "account_created", .kind = timestamp},
    {.name = "account_expires", .kind = timestamp},
    {.name = "credential_last_changed", .kind = timestamp},
    {.name = "account_first_login", .kind = timestamp},
    {.name = "account_last_login", .kind = timestamp},
};
constexpr Rule user_account_rules[] = {{RuleKind::any_property, {}, "6.16.1"}};
constexpr std::string_view user_account_id[] = {"account_type", "user_id", "account_login"};

constexpr Property registry_value_rows[] = {
    {.name = "name"},
    {.name = "data"},
    {.name = "data_type", .kind = enumeration, .vocabulary = &ov::windows_registry_datatype_enum},
};
constexpr Rule registry_value_rules[] = {{RuleKind::any_property, {}, "6.17.2.1"}};
constexpr Structure registry_value = {
    "windows-registry-value-type", "6.17.2.1", registry_value_rows, registry_value_rules};

constexpr Property windows_registry_key[] = {
    {.name = "key"},
    {.name = "values", .kind = structure, .list = true, .structure = &registry_value},
    {.name = "modified_time", .kind = timestamp},
    {.name = "creator_user_ref", .kind = identifier, .targets = only_user_account},
    {.name = "number_of_subkeys", .kind = integer},
};
constexpr Rule windows_registry_key_rules[] = {{RuleKind::any_property, {}, "6.17.1"}};
constexpr std::string_view windows_registry_key_id[] = {"key", "values"};

constexpr Property x509_v3_rows[] = {
    {.name = "basic_constraints"},
    {.name = "name_constraints"},
    {.name = "policy_constraints"},
    {.name = "key_usage"},
    {.name = "extended_key_usage"},
    {.name = "subject_key_identifier"},
    {.name = "authority_key_identifier"},
    {.name = "subject_alternative_name"},
    {.name = "issuer_alternative_name"},
    {.name = "subject_directory_attributes"},
    {.name = "crl_distribution_points"},
    {.name = "inhibit_any_policy"},
    {.name = "private_key_usage_period_not_before", .kind = timestamp},
    {.name = "private_key_usage_period_not_after", .kind = timestamp},
    {.name = "certificate_policies"},
    {.name = "policy_mappings"},
};
constexpr Rule x509_v3_rules[] = {{RuleKind::any_property, {}, "6.18.2.1"}};
constexpr Structure x509_v3 = {"x509-v3-extensions-type", "6.18.2.1", x509_v3_rows, x509_v3_rules};

constexpr Property x509_certificate[] = {
    {.name = "is_self_signed", .kind = boolean},
    hashes_row,
    {.name = "version"},
    {.name = "serial_number"},
    {.name = "signature_algorithm"},
    {.name = "issuer"},
    {.name = "validity_not_before", .kind = timestamp},
    {.name = "validity_not_after", .kind = timestamp},
    {.name = "subject"},
    {.name = "subject_public_key_algorithm"},
    {.name = "subject_public_key_modulus"},
    {.name = "subject_public_key_exponent", .kind = integer},
    {.name = "x509_v3_extensions", .kind = structure, .structure = &x509_v3},
};
constexpr Rule x509_certificate_rules[] = {{RuleKind::any_property, {}, "6.18.1"}};
constexpr std::string_view x509_certificate_id[] = {"hashes", "serial_number"};

StixType sco(std::string_view name,
             std::string_view section,
             std::span<const Property> properties,
             std::span<const Rule> rules,
             Names contributing,
             std::span<const Structure> extensions_of_type = {}) {
  return {TypeClass::sco,
          {name, section, properties, rules},
          common_of_observables,
          extensions_of_type,
          contributing};
}

}  // namespace

std::span<const StixType> observable_types() {
  static const StixType types[] = {
      sco("artifact", "6.1.1", artifact, artifact_rules, artifact_id),
      sco("autonomous-system", "6.2.1", autonomous_system, {}, autonomous_system_id),
      sco("directory", "6.3.1", directory, {}, directory_id),
      sco("domain-name", "6.4.1", domain_name, {}, value_id),
      sco("email-addr", "6.5.1", email_addr, {}, value_id),
      sco("email-message", "6.6.1", email_message, email_message_rules, email_message_id),
      sco("file", "6.7.1", file, file_rules, file_id, file_extensions),
      sco("ipv4-addr", "6.8.1", ip_address, {}, value_id),
      sco("ipv6-addr", "6.9.1", ip_address, {}, value_id),
      sco("mac-addr", "6.10.1", value_only, {}, value_id),
      sco("mutex", "6.11.1", mutex, {}, name_id),
      sco("network-traffic",
          "6.12.1",
          network_traffic,
          network_traffic_rules,
          network_traffic_id,
          network_traffic_extensions),
      sco("process", "6.13.1", process, process_rules, {}, process_extensions),
      sco("software", "6.14.1", software, {}, software_id),
      sco("url", "6.15.1", url, {}, value_id),
      sco("user-account",
          "6.16.1",
          user_account,
          user_account_rules,
          user_account_id,
          user_account_extensions),
      sco("windows-registry-key",
          "6.17.1",
          windows_registry_key,
          windows_registry_key_rules,
          windows_registry_key_id),
      sco("x509-certificate", "6.18.1", x509_certificate, x509_certificate_rules, x509_certificate_id),
  };
  return types;
}

}  // namespace shieldwall::model
