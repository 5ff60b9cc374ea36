// Relationship objects (section 5), meta objects (section 7) and the bundle (section 8).

#include "model/stix_common.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

using enum Kind;
using enum Need;

constexpr std::string_view relatable[] = {any_sdo, any_sco};
constexpr std::string_view domain_objects[] = {any_sdo};
constexpr std::string_view only_observed_data[] = {"observed-data"};
constexpr std::string_view sighters[] = {"identity", "location"};

constexpr Property relationship[] = {
    {.name = "relationship_type", .need = required},
    {.name = "description"},
    {.name = "source_ref", .kind = identifier, .need = required, .targets = relatable},
    {.name = "target_ref", .kind = identifier, .need = required, .targets = relatable},
    {.name = "start_time", .kind = timestamp},
    {.name = "stop_time", .kind = timestamp},
};
constexpr std::string_view stop_start[] = {"stop_time", "start_time"};
constexpr Rule relationship_rules[] = {{RuleKind::after, stop_start, "5.1.2"}};

constexpr Property sighting[] = {
    {.name = "description"},
    {.name = "first_seen", .kind = timestamp},
    {.name = "last_seen", .kind = timestamp},
    {.name = "count", .kind = integer, .min = 0, .max = 999'999'999},
    {.name = "sighting_of_ref", .kind = identifier, .need = required, .targets = domain_objects},
    {.name = "observed_data_refs", .kind = identifier, .list = true, .targets = only_observed_data},
    {.name = "where_sighted_refs", .kind = identifier, .list = true, .targets = sighters},
    {.name = "summary", .kind = boolean},
};
constexpr std::string_view seen[] = {"last_seen", "first_seen"};
constexpr Rule sighting_rules[] = {{RuleKind::not_before, seen, "5.2.1"}};

constexpr Property language_content[] = {
    {.name = "object_ref", .kind = identifier, .need = required},
    {.name = "object_modified", .kind = timestamp},
    {.name = "contents", .kind = translations, .need = required},
};

constexpr Property marking_definition[] = {
    {.name = "name"},
    {.name = "definition_type"},
    {.name = "definition", .kind = marking},
};
constexpr std::string_view definition_and_type[] = {"definition_type", "definition"};
constexpr std::string_view type_and_definition[] = {"definition", "definition_type"};
constexpr std::string_view definition_or_extension[] = {"definition", "extensions"};
constexpr Rule marking_definition_rules[] = {
    {RuleKind::needs, definition_and_type, "7.2.1.1"},
    {RuleKind::needs, type_and_definition, "7.2.1.1"},
    {RuleKind::at_least_one, definition_or_extension, "7.2.1.1"},
};

constexpr Property extension_definition[] = {
    {.name = "name", .need = required},
    {.name = "description"},
    {.name = "schema", .need = required},
    {.name = "version", .need = required},
    {.name = "extension_types",
     .kind = enumeration,
     .list = true,
     .need = required,
     .vocabulary = &vocabulary::extension_type_enum},
    {.name = "extension_properties", .list = true},
};

constexpr Property bundle[] = {
    {.name = "objects", .kind = objects, .list = true},
};

}  // namespace

std::span<const StixType> other_types() {
  static const StixType types[] = {
      {TypeClass::sro, {"relationship", "5.1.2", relationship, relationship_rules}, common_of_domain_objects},
      {TypeClass::sro, {"sighting", "5.2.1", sighting, sighting_rules}, common_of_domain_objects},
      {TypeClass::meta, {"language-content", "7.1.1", language_content}, common_of_language_content},
      {TypeClass::meta,
       {"marking-definition", "7.2.1.1", marking_definition, marking_definition_rules},
       common_of_markings},
      {TypeClass::meta,
       {"extension-definition", "7.3.1", extension_definition},
       common_of_extension_definitions},
      {TypeClass::bundle, {"bundle", "8.1", bundle}, common_of_bundles},
  };
  return types;
}

}  // namespace shieldwall::model
