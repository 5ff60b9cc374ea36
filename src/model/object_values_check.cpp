// Single values by their kind: STIX 2.1 section 2.

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "model/object_check.h"
#include "model/stix_vocabularies.h"

namespace shieldwall::model {

namespace {

constexpr std::string_view limit_rule = "limit";

std::string_view article(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "true or false";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "a list";
    case JsonKind::object:
      return "an object";
  }
  return "";
}

}  // namespace

bool Checker::expect(const Json& value, JsonKind kind, std::string_view section, std::string_view name) {
  if (value.is(kind)) return true;
  error("value-type", section, value, "'{}' must be {}, not {}", name, article(kind), article(value.kind()));
  return false;
}

void Checker::check_property(const Property& property, const Json& value) {
  if (property.need == Need::reserved) {
    error("reserved", "3.8", value, "'{}' is reserved for a later version of STIX", property.name);
    return;
  }
  if (property.need == Need::deprecated && profile_.version == SpecVersion::v2_1 && container_ == nullptr)
    should("deprecated",
           property.kind == Kind::observables ? "2.13" : "6",
           value,
           "'{}' is deprecated",
           property.name);
  if (!property.list) {
    check_value(property, value);
    return;
  }
  if (!expect(value, JsonKind::array, "2.12", property.name)) return;
  if (value.size() == 0)
    error("empty-list", "2.12", value, "the list '{}' must not be empty; leave it out", property.name);
  for (const Json element : value) check_value(property, element);
}

void Checker::check_value(const Property& property, const Json& value) {
  switch (property.kind) {
    case Kind::string:
    case Kind::language:
    case Kind::uri:
    case Kind::hex:
    case Kind::binary:
    case Kind::cpe:
      check_string(property, value);
      break;
    case Kind::boolean:
      expect(value, JsonKind::boolean, "2.2", property.name);
      break;
    case Kind::integer:
    case Kind::number:
      check_number(property, value);
      break;
    case Kind::timestamp:
    case Kind::precise_timestamp:
      check_timestamp(property, value);
      break;
    case Kind::identifier:
      check_identifier(property, value);
      break;
    case Kind::enumeration:
    case Kind::open_vocabulary:
      check_vocabulary(property, value);
      break;
    case Kind::hashes:
      check_hashes(value);
      break;
    case Kind::dictionary:
      check_dictionary(property, value);
      break;
    case Kind::structure:
      if (expect(value, JsonKind::object, property.structure->section, property.name))
        check_members(value, *property.structure);
      break;
    case Kind::extensions:
      check_extensions(value);
      break;
    case Kind::observables:
      check_observables(value);
      break;
    case Kind::translations:
      check_translations(value);
      break;
    case Kind::objects:
    case Kind::marking:
      expect(value, JsonKind::object, property.kind == Kind::objects ? "8.1" : "7.2.1.1", property.name);
      break;
  }
}

void Checker::check_string(const Property& property, const Json& value) {
  if (!expect(value, JsonKind::string, "2.15", property.name)) return;
  const auto text = value.string();
  if (property.kind != Kind::binary && text.size() > stix_string_bytes_max)
    error(limit_rule,
          "2.15",
          value,
          "'{}' has {} bytes; strings other than base64 are read up to {}",
          property.name,
          text.size(),
          stix_string_bytes_max);
  if (property.kind == Kind::binary && !is_base64(text))
    error("binary", "2.1", value, "'{}' must be base64 (RFC 4648)", property.name);
  if (property.kind == Kind::hex) {
    const auto is_lower_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (text.size() % 2 != 0 || !std::ranges::all_of(text, is_lower_hex))
      error("hex", "2.8", value, "'{}' must be an even number of digits 0-9 and a-f", property.name);
  }
  if (property.kind == Kind::language && !is_language_tag(text))
    error("language", "3.2", value, "'{}' is no RFC 5646 language code", shown(text));
  else if (property.kind == Kind::language && !is_common_language(text.substr(0, text.find('-'))))
    should("language-registry", "3.2", value, "'{}' is not in ISO 639-2", shown(text));
  if (property.kind == Kind::uri && !is_absolute_uri(text))
    error("uri",
          profile_.type != nullptr ? profile_.type->own.section : "2.15",
          value,
          "'{}' must be an absolute URL (RFC 3986)",
          property.name);
  if (property.kind == Kind::cpe && !is_cpe_2_3(text))
    error("cpe", "6.14.1", value, "'{}' is no CPE 2.3 name", shown(text));
}

void Checker::check_timestamp(const Property& property, const Json& value) {
  if (!expect(value, JsonKind::string, "2.16", property.name)) return;
  const auto text = value.string();
  const auto time = parse_time(text);
  if (!time) {
    error("timestamp", "2.16.1", value, "'{}': {}", property.name, time.error().message);
    return;
  }
  // 20 letters without a fraction, then the dot and three digits at least.
  if (property.kind == Kind::precise_timestamp && text.size() < sizeof("2000-01-01T00:00:00.000Z") - 1)
    error("timestamp", "3.2", value, "'{}' must have at least three digits after the second", property.name);
}

void Checker::check_number(const Property& property, const Json& value) {
  const std::string_view section = property.kind == Kind::integer ? "2.10" : "2.6";
  if (!expect(value, JsonKind::number, section, property.name)) return;
  const auto text = value.number();
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || !std::isfinite(number)) {
    error("number", section, value, "'{}' is beyond the range of a double", property.name);
    return;
  }
  constexpr double safe = 9'007'199'254'740'991;  // 2^53 - 1
  if (property.kind == Kind::integer && number != std::trunc(number)) {
    error("number", "2.10", value, "'{}' must be a whole number", property.name);
  } else if (property.kind == Kind::integer && std::abs(number) > safe) {
    error("number", "2.10", value, "'{}' must lie within 2^53", property.name);
  } else if (number < property.min || number > property.max) {
    const std::string range = property.max > safe ? fmt::format("at least {}", property.min)
                                                  : fmt::format("from {} to {}", property.min, property.max);
    const auto rule_section =
        profile_.type == nullptr || find_property(profile_.type->own, property.name) == nullptr
            ? "3.2"
            : profile_.type->own.section;
    error("range", rule_section, value, "'{}' must be {}", property.name, range);
  }
}

namespace {

/// Custom types may be any class; what they are is known only with the object itself.
bool is_target(Names targets, std::string_view type) {
  const StixType* known = find_stix_type(type);
  const auto is_class = [&](TypeClass type_class) {
    return known == nullptr || known->type_class == type_class;
  };
  return std::ranges::any_of(targets, [&](std::string_view target) {
    if (target == any_sdo) return is_class(TypeClass::sdo);
    if (target == any_sco) return is_class(TypeClass::sco);
    if (target == any_sro) return is_class(TypeClass::sro);
    return target == type;
  });
}

std::string described(Names targets) {
  std::string text;
  for (const auto target : targets) {
    if (!text.empty()) text += " or ";
    text += target == any_sdo   ? "a domain object"
            : target == any_sco ? "a cyber-observable"
            : target == any_sro ? "a relationship"
                                : fmt::format("a {}", target);
  }
  return text;
}

}  // namespace

void Checker::check_identifier(const Property& property, const Json& value) {
  if (property.name == "id" && value.is(JsonKind::string)) return;  // check_id says more
  if (!expect(value, JsonKind::string, "2.9", property.name)) return;
  const auto text = value.string();
  std::string_view type;
  if (container_ != nullptr) {
    const auto target = container_->find(text);
    if (!target) {
      error("reference", "2.13", value, "'{}' is no key of this container", shown(text));
      return;
    }
    const auto target_type = target->find("type");
    type = target_type && target_type->is(JsonKind::string) ? target_type->string() : "";
  } else {
    if (!is_identifier(text)) {
      error("identifier", "2.9", value, "{}", ObjectId::parse(text).error().message);
      return;
    }
    type = text.substr(0, text.find("--"));
  }
  if (!property.targets.empty() && !is_target(property.targets, type))
    error("reference",
          profile_.type != nullptr ? profile_.type->own.section : "3.3",
          value,

          "'{}' must refer to {}, not to a {}",
          property.name,
          described(property.targets),
          shown(type));
}

void Checker::check_vocabulary(const Property& property, const Json& value) {
  const Vocabulary& vocabulary = *property.vocabulary;
  if (!expect(value, JsonKind::string, vocabulary.section, property.name)) return;
  const auto text = value.string();
  if (text.size() > stix_string_bytes_max)
    error(limit_rule, "2.15", value, "'{}' is too long", property.name);
  if (contains(vocabulary.values, text)) return;
  if (property.kind == Kind::enumeration) {
    error("enumeration", vocabulary.section, value, "'{}' is not in {}", shown(text), vocabulary.name);
    return;
  }
  if (profile_.version == SpecVersion::v2_0) return;  // its vocabularies were others
  should(vocabulary.name, vocabulary.section, value, "'{}' is not in {}", shown(text), vocabulary.name);
  if (!is_hyphenated_lower_case(text))
    should("open-vocabulary-format",
           "2.14",
           value,
           "'{}' should be in lower case, with hyphens between words",
           shown(text));
}

void Checker::check_hashes(const Json& value) {
  if (!expect(value, JsonKind::object, "2.7", "hashes")) return;
  if (value.size() == 0) error("empty-dictionary", "2.3", value, "'hashes' must not be empty; leave it out");
  for (const Json hash : value) {
    const auto algorithm = hash.key();
    if (!is_dictionary_key(algorithm) || algorithm.size() < 3)
      error("hash-name",
            "2.7",
            hash,
            "the name of a hash is 3 to 250 letters, digits, hyphens and underscores");
    if (!expect(hash, JsonKind::string, "2.7", algorithm)) continue;
    const bool known = contains(vocabulary::hash_algorithm_ov.values, algorithm);
    if (!known && !algorithm.starts_with("x_") && profile_.version == SpecVersion::v2_1)
      should("hash-algorithm-ov", "10.7", hash, "'{}' is not in hash-algorithm-ov", shown(algorithm));
    if (!is_hash(algorithm, hash.string()))
      error("hash-value", "2.7", hash, "this is no {} hash", shown(algorithm));
  }
}

void Checker::check_dictionary(const Property& property, const Json& value) {
  if (!expect(value, JsonKind::object, "2.3", property.name)) return;
  if (value.size() == 0)
    error("empty-dictionary", "2.3", value, "'{}' must not be empty; leave it out", property.name);
  check_dictionary_keys(value, true);
  for (const Json entry : value) {
    if (property.vocabulary != nullptr && !contains(property.vocabulary->values, entry.key()))
      should("pdf-information",
             property.vocabulary->section,
             entry,
             "'{}' is no key of a {}",
             shown(entry.key()),
             property.vocabulary->name);
    check_custom_value(entry, 0);
  }
}

/// @param any_case  the keys are names that another standard spells with capitals
void Checker::check_dictionary_keys(const Json& dictionary, bool any_case) {
  for (const Json entry : dictionary) {
    if (!is_dictionary_key(entry.key()))
      error("dictionary-key",
            "2.3",
            entry,
            "a dictionary key is 1 to 250 ASCII letters, digits, hyphens and underscores");
    else if (!any_case && std::ranges::any_of(entry.key(), [](char c) { return c >= 'A' && c <= 'Z'; }))
      should("dictionary-key-case", "2.3", entry, "the key '{}' should be in lower case", entry.key());
  }
}

}  // namespace shieldwall::model
