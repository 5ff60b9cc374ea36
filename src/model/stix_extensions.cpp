#include "model/stix_extensions.h"

#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

using enum Kind;
using enum Need;
namespace ov = vocabulary;

constexpr std::string_view only_artifact[] = {"artifact"};
constexpr std::string_view only_file[] = {"file"};
constexpr std::string_view file_or_directory[] = {"file", "directory"};

constexpr Property archive[] = {
    {.name = "contains_refs",
     .kind = identifier,
     .list = true,
     .need = required,
     .targets = file_or_directory},
    {.name = "comment"},
};

constexpr Property data_stream_rows[] = {
    {.name = "name", .need = required},
    {.name = "hashes", .kind = hashes},
    {.name = "size", .kind = integer, .min = 0},
};
constexpr Structure data_stream = {"alternate-data-stream-type", "6.7.3.2", data_stream_rows};
constexpr Property ntfs[] = {
    {.name = "sid"},
    {.name = "alternate_data_streams", .kind = structure, .list = true, .structure = &data_stream},
};
constexpr Rule ntfs_rules[] = {{RuleKind::any_property, {}, "6.7.3.1"}};

constexpr std::string_view pdf_keys[] = {
    "Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate", "Trapped"};
constexpr Vocabulary pdf_information = {"PDF document information dictionary", "6.7.4.1", pdf_keys};
constexpr Property pdf[] = {
    {.name = "version"},
    {.name = "is_optimized", .kind = boolean},
    {.name = "document_info_dict", .kind = dictionary, .vocabulary = &pdf_information},
    {.name = "pdfid0"},
    {.name = "pdfid1"},
};
constexpr Rule pdf_rules[] = {{RuleKind::any_property, {}, "6.7.4.1"}};

constexpr Property raster_image[] = {
    {.name = "image_height", .kind = integer},
    {.name = "image_width", .kind = integer},
    {.name = "bits_per_pixel", .kind = integer},
    {.name = "exif_tags", .kind = dictionary},
};
constexpr Rule raster_image_rules[] = {{RuleKind::any_property, {}, "6.7.5.1"}};

constexpr Property optional_header_rows[] = {
    {.name = "magic_hex", .kind = hex},
    {.name = "major_linker_version", .kind = integer},
    {.name = "minor_linker_version", .kind = integer},
    {.name = "size_of_code", .kind = integer, .min = 0},
    {.name = "size_of_initialized_data", .kind = integer, .min = 0},
    {.name = "size_of_uninitialized_data", .kind = integer, .min = 0},
    {.name = "address_of_entry_point", .kind = integer},
    {.name = "base_of_code", .kind = integer},
    {.name = "base_of_data", .kind = integer},
    {.name = "image_base", .kind = integer},
    {.name = "section_alignment", .kind = integer},
    {.name = "file_alignment", .kind = integer},
    {.name = "major_os_version", .kind = integer},
    {.name = "minor_os_version", .kind = integer},
    {.name = "major_image_version", .kind = integer},
    {.name = "minor_image_version", .kind = integer},
    {.name = "major_subsystem_version", .kind = integer},
    {.name = "minor_subsystem_version", .kind = integer},
    {.name = "win32_version_value_hex", .kind = hex},
    {.name = "size_of_image", .kind = integer, .min = 0},
    {.name = "size_of_headers", .kind = integer, .min = 0},
    {.name = "checksum_hex", .kind = hex},
    {.name = "dll_characteristics_hex", .kind = hex},
    {.name = "subsystem_hex", .kind = hex},
    {.name = "size_of_stack_reserve", .kind = integer, .min = 0},
    {.name = "size_of_stack_commit", .kind = integer, .min = 0},
    {.name = "size_of_heap_reserve", .kind = integer, .min = 0},
    {.name = "size_of_heap_commit", .kind = integer, .min = 0},
    {.name = "loader_flags_hex", .kind = hex},
    {.name = "number_of_rva_and_sizes", .kind = integer},
    {.name = "hashes", .kind = hashes},
};
constexpr Rule optional_header_rules[] = {{RuleKind::any_property, {}, "6.7.6.2"}};
constexpr Structure optional_header = {
    "windows-pe-optional-header-type", "6.7.6.2", optional_header_rows, optional_header_rules};

constexpr Property pe_section_rows[] = {
    {.name = "name", .need = required},
    {.name = "size", .kind = integer, .min = 0},
    {.name = "entropy", .kind = number},
    {.name = "hashes", .kind = hashes},
};
constexpr Structure pe_section = {"windows-pe-section-type", "6.7.6.3", pe_section_rows};

constexpr Property windows_pebinary[] = {
    {.name = "pe_type",
     .kind = open_vocabulary,
     .need = required,
     .vocabulary = &ov::windows_pebinary_type_ov},
    {.name = "imphash"},
    {.name = "machine_hex", .kind = hex},
    {.name = "number_of_sections", .kind = integer, .min = 0},
    {.name = "time_date_stamp", .kind = timestamp},
    {.name = "pointer_to_symbol_table_hex", .kind = hex},
    {.name = "number_of_symbols", .kind = integer, .min = 0},
    {.name = "size_of_optional_header", .kind = integer, .min = 0},
    {.name = "characteristics_hex", .kind = hex},
    {.name = "file_header_hashes", .kind = hashes},
    {.name = "optional_header", .kind = structure, .structure = &optional_header},
    {.name = "sections", .kind = structure, .list = true, .structure = &pe_section},
};

constexpr Property http_request[] = {
    {.name = "request_method", .need = required},
    {.name = "request_value", .need = required},
    {.name = "request_version"},
    {.name = "request_header", .kind = dictionary},
    {.name = "message_body_length", .kind = integer},
    {.name = "message_body_data_ref", .kind = identifier, .targets = only_artifact},
};

constexpr Property icmp[] = {
    {.name = "icmp_type_hex", .kind = hex, .need = required},
    {.name = "icmp_code_hex", .kind = hex, .need = required},
};

constexpr Property network_socket[] = {
    {.name = "address_family",
     .kind = enumeration,
     .need = required,
     .vocabulary = &ov::network_socket_address_family_enum},
    {.name = "is_blocking", .kind = boolean},
    {.name = "is_listening", .kind = boolean},
    {.name = "options", .kind = dictionary},
    {.name = "socket_type", .kind = enumeration, .vocabulary = &ov::network_socket_type_enum},
    {.name = "socket_descriptor", .kind = integer, .min = 0},
    {.name = "socket_handle", .kind = integer},
};

constexpr Property tcp[] = {
    {.name = "src_flags_hex", .kind = hex},
    {.name = "dst_flags_hex", .kind = hex},
};
constexpr Rule tcp_rules[] = {{RuleKind::any_property, {}, "6.12.5.1"}};

constexpr Property windows_process[] = {
    {.name = "aslr_enabled", .kind = boolean},
    {.name = "dep_enabled", .kind = boolean},
    {.name = "priority"},
    {.name = "owner_sid"},
    {.name = "window_title"},
    {.name = "startup_info", .kind = dictionary},
    {.name = "integrity_level", .kind = enumeration, .vocabulary = &ov::windows_integrity_level_enum},
};
constexpr Rule windows_process_rules[] = {{RuleKind::any_property, {}, "6.13.2.1"}};

constexpr Property windows_service[] = {
    {.name = "service_name"},
    {.name = "descriptions", .list = true},
    {.name = "display_name"},
    {.name = "group_name"},
    {.name = "start_type", .kind = enumeration, .vocabulary = &ov::windows_service_start_type_enum},
    {.name = "service_dll_refs", .kind = identifier, .list = true, .targets = only_file},
    {.name = "service_type", .kind = enumeration, .vocabulary = &ov::windows_service_type_enum},
    {.name = "service_status", .kind = enumeration, .vocabulary = &ov::windows_service_status_enum},
};
constexpr Rule windows_service_rules[] = {{RuleKind::any_property, {}, "6.13.3.1"}};

constexpr Property unix_account[] = {
    {.name = "gid", .kind = integer},
    {.name = "groups", .list = true},
    {.name = "home_dir"},
    {.name = "shell"},
};
constexpr Rule unix_account_rules[] = {{RuleKind::any_property, {}, "6.16.2.1"}};

constexpr Structure of_file[] = {
    {"archive-ext", "6.7.2.1", archive},
    {"ntfs-ext", "6.7.3.1", ntfs, ntfs_rules},
    {"pdf-ext", "6.7.4.1", pdf, pdf_rules},
    {"raster-image-ext", "6.7.5.1", raster_image, raster_image_rules},
    {"windows-pebinary-ext", "6.7.6.1", windows_pebinary},
};
constexpr Structure of_network_traffic[] = {
    {"http-request-ext", "6.12.2.1", http_request},
    {"icmp-ext", "6.12.3.1", icmp},
    {"socket-ext", "6.12.4.1", network_socket},
    {"tcp-ext", "6.12.5.1", tcp, tcp_rules},
};
constexpr Structure of_process[] = {
    {"windows-process-ext", "6.13.2.1", windows_process, windows_process_rules},
    {"windows-service-ext", "6.13.3.1", windows_service, windows_service_rules},
};
constexpr Structure of_user_account[] = {
    {"unix-account-ext", "6.16.2.1", unix_account, unix_account_rules},
};

}  // namespace

constexpr std::span<const Structure> file_extensions = of_file;
constexpr std::span<const Structure> network_traffic_extensions = of_network_traffic;
constexpr std::span<const Structure> process_extensions = of_process;
constexpr std::span<const Structure> user_account_extensions = of_user_account;

}  // namespace shieldwall::model
