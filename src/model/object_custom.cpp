// What the standard leaves to others: custom properties, custom types, extensions. Kept, never refused for
// being unknown; their names have rules (STIX 2.1 sections 3.1, 7.3.2, 11).

#include <algorithm>

#include "base/text.h"
#include "model/object_check.h"
#include "model/stix_common.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

constexpr std::string_view reserved_names[] = {
    "severity", "username", "phone_number", "phone_numbers", "action"};

}  // namespace

void Checker::check_custom_property(const Json& value, std::string_view where) {
  const auto name = value.key();
  const bool at_top = profile_.type != nullptr && where == profile_.type->own.name;
  if (profile_.version == SpecVersion::v2_1 && at_top && contains(reserved_names, name)) {
    error("reserved", "3.8", value, "'{}' is reserved for a later version of STIX", name);
    return;
  }
  if (at_top && name == "defanged" && profile_.type_class != TypeClass::sco) {
    error("not-applicable", "3.2", value, "'defanged' is for cyber-observables only");
    return;
  }
  if (!is_property_name(name))
    error("property-name",
          profile_.new_object_extension ? "7.3.2.2" : "11.1.1",
          value,
          "a property name is 3 to 250 lower-case letters, digits and underscores and starts with a letter");
  check_custom_value(value, 0);
  const bool allowed = profile_.version == SpecVersion::v2_0 || (at_top && profile_.toplevel_extension) ||
                       profile_.new_object_extension || (container_ != nullptr);
  if (allowed) return;
  should("custom-property",
         "11.1",
         value,
         "'{}' is no property of {}; custom properties should come with an extension (7.3)",
         shown(name),
         where);
  check_custom_name(value, name, "x_", '_', "11.1.1");
}

/// Names outside extensions should say whose they are: `x_acme_org_score`, `x-acme-org-object`.
void Checker::check_custom_name(const Json& at,
                                std::string_view name,
                                std::string_view prefix,
                                char separator,
                                std::string_view section) {
  const auto source = name.starts_with(prefix) ? name.substr(prefix.size()).find(separator, 1) : name.npos;
  if (source != name.npos && prefix.size() + source + 1 < name.size()) return;
  should(name.starts_with(prefix) ? "custom-name" : "custom-name-prefix",
         section,
         at,
         "the custom name '{}' should start with '{}', the name of its source and '{}'",
         shown(name),
         prefix,
         separator);
}

/// Strings keep to their limit and lists to their rule wherever they stand.
void Checker::check_custom_value(const Json& value, std::size_t depth) {
  switch (value.kind()) {
    case JsonKind::string: {
      const bool payload = value.key().ends_with("_bin");
      if (!payload && value.string().size() > stix_string_bytes_max)
        error("limit",
              "2.15",
              value,
              "a string of {} bytes; strings other than base64 are read up to {}",
              value.string().size(),
              stix_string_bytes_max);
      break;
    }
    case JsonKind::array:
    case JsonKind::object:
      if (value.is(JsonKind::object) && profile_.version == SpecVersion::v2_1 &&
          profile_.type_class == TypeClass::sco && depth == 0 && profile_.type != nullptr &&
          find_property(*profile_.type, value.key()) == nullptr)
        check_dictionary_keys(value, false);
      for (const Json element : value) check_custom_value(element, depth + 1);
      break;
    default:
      break;
  }
}

void Checker::check_custom_object() {
  const bool observable = profile_.type_class == TypeClass::sco;
  const auto common = observable ? common_of_observables : common_of_domain_objects;
  for (const Json member : root_) {
    const auto row = std::ranges::find(common, member.key(), &Property::name);
    if (row != common.end()) {
      check_property(*row, member);
      continue;
    }
    if (!is_property_name(member.key()))
      error(
          "property-name",
          profile_.new_object_extension ? "7.3.2.2" : "11.2.1",
          member,
          "a property name is 3 to 250 lower-case letters, digits and underscores and starts with a letter");
    check_custom_value(member, 0);
  }
  check_required(root_, common, profile_.new_object_extension ? "7.3.2.2" : "11.2.1");
  if (!profile_.new_object_extension && profile_.version == SpecVersion::v2_1 && !type_name_.empty())
    should("custom-object",
           "11.2",
           *root_.find("type"),
           "the type '{}' should come with an extension of type new-sdo, new-sco or new-sro (7.3)",
           shown(type_name_));
  if (!profile_.new_object_extension && profile_.version == SpecVersion::v2_1 && !type_name_.empty())
    check_custom_name(*root_.find("type"), type_name_, "x-", '-', "11.2.1");
}

void Checker::check_extensions(const Json& extensions) {
  if (!expect(extensions, JsonKind::object, "3.2", "extensions")) return;
  if (extensions.size() == 0)
    error("empty-dictionary", "2.3", extensions, "'extensions' must not be empty; leave it out");
  for (const Json extension : extensions) check_extension(extension);
}

void Checker::check_extension(const Json& extension) {
  const auto name = extension.key();
  if (!expect(extension, JsonKind::object, "3.2", name)) return;
  if (profile_.type != nullptr) {
    const auto& known = profile_.type->extensions;
    const auto structure = std::ranges::find(known, name, &Structure::name);
    if (structure != known.end()) {
      check_members(extension, *structure);
      return;
    }
  }
  const auto kind = extension.find("extension_type");
  if (kind) {
    const Property row = {
        .name = "extension_type", .kind = Kind::enumeration, .vocabulary = &vocabulary::extension_type_enum};
    check_value(row, *kind);
  }
  const bool defined = name.starts_with("extension-definition--");
  if (defined && !ObjectId::parse(name)) {
    error("identifier", "2.9", extension, "'{}' is no id of an extension definition", shown(name));
  } else if (defined && !kind && profile_.version == SpecVersion::v2_1) {
    error("required", "3.2", extension, "the property 'extension_type' is missing");
  }
  if (!defined && profile_.version == SpecVersion::v2_1 && container_ == nullptr) {
    if (!is_type_name(name) || !name.ends_with("-ext"))
      error("extension-name",
            "11.3.1",
            extension,
            "the name of a custom extension is lower-case letters, digits and hyphens and ends with '-ext'");
    should("custom-extension",
           "11.3",
           extension,
           "the extension '{}' should be defined by an extension definition (7.3)",
           shown(name));
    const auto stem = name.substr(0, name.size() - (name.ends_with("-ext") ? 4 : 0));
    check_custom_name(extension, stem, "x-", '-', "11.3.1");
  }
  if (!defined && extension.size() == 0)
    error("empty-dictionary", "11.3.1", extension, "a custom extension must have one or more properties");
  for (const Json member : extension) {
    if (defined && !is_property_name(member.key()))
      error(
          "property-name",
          "7.3.2.1",
          member,
          "a property name is 3 to 250 lower-case letters, digits and underscores and starts with a letter");
    check_custom_value(member, 1);
  }
}

}  // namespace shieldwall::model
