#include "model/stix_common.h"

#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

using enum Kind;
using enum Need;

constexpr std::string_view only_markings[] = {"marking-definition"};

constexpr Property kill_chain_phase_rows[] = {
    {.name = "kill_chain_name", .need = required},
    {.name = "phase_name", .need = required},
};

constexpr Property external_reference_rows[] = {
    {.name = "source_name", .need = required},
    {.name = "description"},
    {.name = "url"},
    {.name = "hashes", .kind = hashes},
    {.name = "external_id"},
};
constexpr std::string_view description_url_id[] = {"description", "url", "external_id"};
constexpr Rule external_reference_rules[] = {{RuleKind::at_least_one, description_url_id, "2.5.2"}};

constexpr Property granular_marking_rows[] = {
    {.name = "lang", .kind = language},
    {.name = "marking_ref", .kind = identifier, .targets = only_markings},
    {.name = "selectors", .list = true, .need = required},
};
constexpr std::string_view lang_marking[] = {"lang", "marking_ref"};
constexpr Rule granular_marking_rules[] = {{RuleKind::exactly_one, lang_marking, "7.2.3.1"}};

}  // namespace

constexpr Structure kill_chain_phase = {"kill-chain-phase", "2.11", kill_chain_phase_rows};
constexpr Structure external_reference = {
    "external-reference", "2.5.1", external_reference_rows, external_reference_rules};
constexpr Structure granular_marking = {
    "granular-marking", "7.2.3.1", granular_marking_rows, granular_marking_rules};

namespace {

constexpr Property type_row = {.name = "type", .need = required};
constexpr Property id_row = {.name = "id", .kind = identifier, .need = required};
constexpr Property spec_version_row = {.name = "spec_version", .need = required};
constexpr Property created_by_row = {.name = "created_by_ref", .kind = identifier};
constexpr Property created_row = {.name = "created", .kind = precise_timestamp, .need = required};
constexpr Property modified_row = {.name = "modified", .kind = precise_timestamp, .need = required};
constexpr Property revoked_row = {.name = "revoked", .kind = boolean};
constexpr Property labels_row = {.name = "labels", .list = true};
constexpr Property confidence_row = {.name = "confidence", .kind = integer, .min = 0, .max = 100};
constexpr Property lang_row = {.name = "lang", .kind = language};
constexpr Property external_references_row = {
    .name = "external_references", .kind = structure, .list = true, .structure = &external_reference};
constexpr Property object_marking_refs_row = {
    .name = "object_marking_refs", .kind = identifier, .list = true, .targets = only_markings};
constexpr Property granular_markings_row = {
    .name = "granular_markings", .kind = structure, .list = true, .structure = &granular_marking};
constexpr Property extensions_row = {.name = "extensions", .kind = extensions};

constexpr Property domain_object_rows[] = {
    type_row,
    spec_version_row,
    id_row,
    created_by_row,
    created_row,
    modified_row,
    revoked_row,
    labels_row,
    confidence_row,
    lang_row,
    external_references_row,
    object_marking_refs_row,
    granular_markings_row,
    extensions_row,
};

constexpr Property observable_rows[] = {
    type_row,
    id_row,
    {.name = "spec_version"},
    object_marking_refs_row,
    granular_markings_row,
    {.name = "defanged", .kind = boolean},
    extensions_row,
};

constexpr Property marking_rows[] = {
    type_row,
    spec_version_row,
    id_row,
    created_by_row,
    created_row,
    external_references_row,
    object_marking_refs_row,
    granular_markings_row,
    extensions_row,
};

constexpr Property language_content_rows[] = {
    type_row,
    spec_version_row,
    id_row,
    created_by_row,
    created_row,
    modified_row,
    revoked_row,
    labels_row,
    confidence_row,
    external_references_row,
    object_marking_refs_row,
    granular_markings_row,
    extensions_row,
};

constexpr Property extension_definition_rows[] = {
    type_row,
    spec_version_row,
    id_row,
    {.name = "created_by_ref", .kind = identifier, .need = required},
    created_row,
    modified_row,
    revoked_row,
    labels_row,
    external_references_row,
    object_marking_refs_row,
    granular_markings_row,
};

constexpr Property bundle_rows[] = {type_row, id_row};

}  // namespace

constexpr std::span<const Property> common_of_domain_objects = domain_object_rows;
constexpr std::span<const Property> common_of_observables = observable_rows;
constexpr std::span<const Property> common_of_markings = marking_rows;
constexpr std::span<const Property> common_of_language_content = language_content_rows;
constexpr std::span<const Property> common_of_extension_definitions = extension_definition_rows;
constexpr std::span<const Property> common_of_bundles = bundle_rows;

}  // namespace shieldwall::model
