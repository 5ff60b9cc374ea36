// Names that follow from content: deterministic ids of observables and the digest that tells sameness.

#include <algorithm>

#include "model/object.h"
#include "model/stix_schema.h"

namespace shieldwall::model {

namespace {

/// STIX 2.1 section 2.9. The namespace of all deterministic ids of observables.
const Uuid& observable_namespace() {
  static const Uuid name_space = *Uuid::parse("00abedb4-aa42-466c-9c01-fed23315a9b7");
  return name_space;
}

/// Of several hashes one counts: the first of these, else the first that stands there (6.1, 6.7, 6.18).
std::string chosen_hash(const Json& hashes) {
  std::optional<Json> chosen;
  for (const auto algorithm : {"MD5", "SHA-1", "SHA-256", "SHA-512"})
    if (!chosen) chosen = hashes.find(algorithm);
  if (!chosen && hashes.size() > 0) chosen = *hashes.begin();
  if (!chosen) return "{}";
  std::string text = "{";
  append_json_string(text, chosen->key());
  return text + ":" + canonical_json(*chosen) + "}";
}

}  // namespace

std::optional<ObjectId> deterministic_id(const Json& json) {
  const auto type_at = json.find("type");
  if (!type_at || !type_at->is(JsonKind::string)) return {};
  const StixType* type = find_stix_type(type_at->string());
  if (type == nullptr) return {};
  std::vector<std::string_view> names(type->contributing.begin(), type->contributing.end());
  std::ranges::sort(names);  // all ASCII, so this is the order of RFC 8785
  std::string text;
  for (const auto name : names) {
    const auto value = json.find(name);
    if (!value) continue;
    text += text.empty() ? '{' : ',';
    append_json_string(text, name);
    text += ':';
    text += name == "hashes" && value->is(JsonKind::object) ? chosen_hash(*value) : canonical_json(*value);
  }
  if (text.empty()) return {};
  return ObjectId{std::string(type->own.name), Uuid::named(observable_namespace(), text + "}")};
}

Digest content_digest(const Json& json) {
  return sha256(canonical_json(json));
}

}  // namespace shieldwall::model
