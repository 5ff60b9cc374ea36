#include "model/object_check.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::model {

namespace {

bool is_string(const std::optional<Json>& value) {
  return value && value->is(JsonKind::string);
}

std::string_view text_of(const Json& object, std::string_view name) {
  const auto value = object.find(name);
  return is_string(value) ? value->string() : std::string_view{};
}

/// The class that an extension of kind new-... gives a type.
std::optional<TypeClass> class_by_extension(std::string_view extension_type) {
  if (extension_type == "new-sdo") return TypeClass::sdo;
  if (extension_type == "new-sco") return TypeClass::sco;
  if (extension_type == "new-sro") return TypeClass::sro;
  return {};
}

void read_extension_types(Profile& profile, const Json& object) {
  const auto extensions = object.find("extensions");
  if (!extensions || !extensions->is(JsonKind::object)) return;
  const Json list = *extensions;
  for (const Json extension : list) {
    const auto kind = text_of(extension, "extension_type");
    if (kind == "toplevel-property-extension") profile.toplevel_extension = true;
    if (const auto type_class = class_by_extension(kind); type_class && profile.type == nullptr) {
      profile.type_class = *type_class;
      profile.new_object_extension = true;
    }
  }
}

/// The version digit of an identifier's UUID.
int uuid_version(std::string_view identifier) {
  return identifier[identifier.size() - 22] - '0';
}

/// A custom type without an extension that says what it is: observables have UUIDv5 ids and no times
/// (2.9, 3.2).
TypeClass class_by_shape(const Json& object) {
  const auto id = text_of(object, "id");
  const bool named = is_identifier(id) && uuid_version(id) == 5;
  return named && !object.find("created") ? TypeClass::sco : TypeClass::sdo;
}

/// STIX 2.0 objects state no version; one that STIX 2.0 knows and that uses nothing newer is taken for one.
bool looks_like_v2_0(const Json& object, std::string_view type) {
  if (!is_v2_0_type(type) && find_stix_type(type) != nullptr) return false;
  for (const Json member : object)
    if (is_new_in_v2_1(type, member.key())) return false;
  return true;
}

}  // namespace

Profile profile_of(const Json& object) {
  Profile profile;
  const auto type = text_of(object, "type");
  profile.type = find_stix_type(type);
  profile.type_class = profile.type != nullptr ? profile.type->type_class : class_by_shape(object);
  read_extension_types(profile, object);
  const auto stated = object.find("spec_version");
  if (stated && profile.type_class != TypeClass::bundle) {
    profile.version = is_string(stated) && stated->string() == "2.0" ? SpecVersion::v2_0 : SpecVersion::v2_1;
  } else if (profile.type_class == TypeClass::bundle) {
    profile.version = is_string(stated) && stated->string() == "2.0" ? SpecVersion::v2_0 : SpecVersion::v2_1;
  } else if (profile.type_class != TypeClass::sco && looks_like_v2_0(object, type)) {
    profile.version = SpecVersion::v2_0;
  }
  return profile;
}

Checker::Checker(const Json& object, const ReadOptions& options)
    : root_(object),
      should_(options.strict ? Severity::error : Severity::warning),
      warnings_(options.strict || options.warnings) {}

void Checker::report(
    Severity severity, std::string_view rule, std::string_view section, const Json& at, std::string message) {
  auto& told = severity == Severity::error ? errors_ : advice_;
  if (++told > findings_max) return;
  findings_.push_back(
      {severity, fmt::format("STIX 2.1 §{}", section), at.pointer_from(root_), std::move(message), rule});
}

void Checker::run() {
  if (!root_.is(JsonKind::object)) {
    error("object", "3", root_, "a STIX object is a JSON object");
    return;
  }
  profile_ = profile_of(root_);
  type_name_ = text_of(root_, "type");
  check_head();
  check_top_level();
  check_markings();
  check_particulars();
  tell_how_many_more(Severity::error, errors_);
  tell_how_many_more(Severity::warning, advice_);
}

void Checker::tell_how_many_more(Severity severity, std::size_t told) {
  if (told <= findings_max) return;
  findings_.push_back({severity,
                       "STIX 2.1 §3",
                       "",
                       fmt::format("and {} more; the first {} are told", told - findings_max, findings_max),
                       "more"});
}

void Checker::check_head() {
  const auto type = root_.find("type");
  if (!type) {
    error("required", "3.2", root_, "the property 'type' is missing");
  } else if (!type->is(JsonKind::string)) {
    error("type", "3.2", *type, "'type' must be a string");
  } else if (profile_.type == nullptr) {
    check_type_name(*type);
  }
  if (const auto id = root_.find("id"); is_string(id)) check_id(*id, type_name_);
  const auto version = root_.find("spec_version");
  if (is_string(version) && version->string() != "2.1" && version->string() != "2.0")
    error("spec-version",
          "3.2",
          *version,
          "'{}' is no version of STIX that is read here; 2.1 and 2.0 are",
          shown(version->string()));
}

void Checker::check_type_name(const Json& type) {
  if (!is_type_name(type.string()))
    error("type-name",
          "3.1",
          type,
          "a type name is 3 to 250 lower-case letters, digits and single hyphens and starts with a letter");
}

void Checker::check_id(const Json& id, std::string_view type) {
  const auto text = id.string();
  if (!is_identifier(text)) {
    error("identifier", "2.9", id, "{}", ObjectId::parse(text).error().message);
  } else if (!type.empty() && text.substr(0, text.find("--")) != type) {
    error("identifier", "2.9", id, "the id of a {} must start with '{}--'", shown(type), shown(type));
  } else {
    check_uuid(id, type);
  }
}

/// Section 2.9: version 5 for observables, version 4 for all others and for observables that nothing names.
void Checker::check_uuid(const Json& id, std::string_view type) {
  if (profile_.version == SpecVersion::v2_0) return;
  const int version = uuid_version(id.string());
  if (profile_.type_class != TypeClass::sco) {
    if (version != 4) should("uuid-version", "2.9", id, "the id of a {} should hold a UUIDv4", shown(type));
    return;
  }
  const auto is_present = [&](std::string_view name) { return root_.find(name).has_value(); };
  const bool named = profile_.type == nullptr || std::ranges::any_of(profile_.type->contributing, is_present);
  if (!named && version != 4)
    error("uuid-version",
          "2.9",
          id,
          "a {} without properties that contribute to its id must have a UUIDv4",
          shown(type));
  if (named && version != 5)
    should("uuid-version", "2.9", id, "the id of a {} should hold a UUIDv5", shown(type));
}

bool Checker::is_required(const Property& property) const {
  if (profile_.version == SpecVersion::v2_1) return property.need == Need::required;
  if (property.name == "spec_version") return false;
  return contains(required_in_v2_0(type_name_), property.name) ||
         (property.need == Need::required &&
          (profile_.type == nullptr || find_property(profile_.type->own, property.name) == nullptr));
}

void Checker::check_top_level() {
  if (profile_.type == nullptr) {
    check_custom_object();
    return;
  }
  const StixType& type = *profile_.type;
  for (const Json member : root_) {
    if (const Property* property = find_property(type, member.key()))
      check_property(*property, member);
    else
      check_custom_property(member, type.own.name);
  }
  check_required(root_, type.common, "3.2");
  check_required(root_, type.own.properties, type.own.section);
  check_rules(root_, type.own);
}

void Checker::check_members(const Json& object, const Structure& structure) {
  for (const Json member : object) {
    if (const Property* property = find_property(structure, member.key()))
      check_property(*property, member);
    else
      check_custom_property(member, structure.name);
  }
  check_required(object, structure.properties, structure.section);
  check_rules(object, structure);
}

void Checker::check_required(const Json& object,
                             std::span<const Property> properties,
                             std::string_view section) {
  for (const Property& property : properties) {
    if (property.need != Need::required && profile_.version == SpecVersion::v2_1) continue;
    if (property.name == "type" || object.find(property.name)) continue;  // a missing type was reported
    if (is_required(property))
      error("required", section, object, "the property '{}' is missing", property.name);
  }
}

void Checker::check_rules(const Json& object, const Structure& structure) {
  for (const Rule& rule : structure.rules) check_rule(object, structure, rule);
}

namespace {

std::string listed(Names names) {
  std::string text;
  for (const auto name : names) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

void Checker::check_rule(const Json& object, const Structure& structure, const Rule& rule) {
  const auto is_present = [&](std::string_view name) { return object.find(name).has_value(); };
  const auto is_boolean = [&](std::string_view name, bool value) {
    const auto member = object.find(name);
    return member && member->is(JsonKind::boolean) && member->boolean() == value;
  };
  const auto say = [&](std::string message) {
    error("properties", rule.section, object, "{}", std::move(message));
  };
  const auto present = std::ranges::count_if(rule.names, is_present);
  switch (rule.kind) {
    case RuleKind::at_least_one:
      if (present == 0) say(fmt::format("at least one of {} must be there", listed(rule.names)));
      break;
    case RuleKind::exactly_one:
      if (present != 1)
        say(fmt::format("exactly one of {} must be there, not {}", listed(rule.names), present));
      break;
    case RuleKind::not_before:
    case RuleKind::after:
      compare_times(object, rule);
      break;
    case RuleKind::needs:
      for (const auto name : rule.names.subspan(1))
        if (is_present(rule.names[0]) && !is_present(name))
          say(fmt::format("'{}' needs '{}'", rule.names[0], name));
      break;
    case RuleKind::true_needs:
      if (is_boolean(rule.names[0], true) && !is_present(rule.names[1]))
        say(fmt::format("where '{}' is true, '{}' must be there", rule.names[0], rule.names[1]));
      break;
    case RuleKind::true_excludes:
    case RuleKind::false_excludes: {
      const bool value = rule.kind == RuleKind::true_excludes;
      if (is_boolean(rule.names[0], value) && is_present(rule.names[1]))
        say(fmt::format("where '{}' is {}, '{}' must not be there", rule.names[0], value, rule.names[1]));
      break;
    }
    case RuleKind::any_property: {
      const auto counts = [&](const Property& property) { return is_present(property.name); };
      if (!std::ranges::any_of(structure.properties, counts) && !is_present("extensions"))
        say(fmt::format("a {} must have at least one of its properties", structure.name));
      break;
    }
  }
}

void Checker::compare_times(const Json& object, const Rule& rule) {
  const auto later = parse_time(text_of(object, rule.names[0]));
  const auto earlier = parse_time(text_of(object, rule.names[1]));
  if (!later || !earlier) return;  // absent, or reported where it stands
  const bool good = rule.kind == RuleKind::after ? *later > *earlier : *later >= *earlier;
  if (!good)
    error("times",
          rule.section,
          *object.find(rule.names[0]),
          "'{}' must {} '{}'",
          rule.names[0],
          rule.kind == RuleKind::after ? "be later than" : "not be before",
          rule.names[1]);
}

std::vector<Finding> check_object(const Json& json, const ReadOptions& options) {
  Checker checker(json, options);
  checker.run();
  return checker.take();
}

}  // namespace shieldwall::model
