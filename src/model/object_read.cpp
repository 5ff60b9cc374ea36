// The facts of an object that passed its check.

#include "base/text.h"
#include "model/object_check.h"
#include "model/object_facts.h"

namespace shieldwall::model {

namespace {

std::string_view text_of(const Json& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(JsonKind::string) ? value->string() : std::string_view{};
}

std::optional<Timestamp> time_of(const Json& object, std::string_view name) {
  const auto time = parse_time(text_of(object, name));
  if (!time) return {};
  return time->at;
}

std::optional<ObjectId> id_of(const Json& object, std::string_view name) {
  const auto id = ObjectId::parse(text_of(object, name));
  if (!id) return {};
  return *id;
}

template <typename Take>
void each_of(const Json& object, std::string_view name, Take&& take) {
  const auto value = object.find(name);
  if (!value || !value->is(JsonKind::array)) return;
  const Json list = *value;
  for (const Json element : list) take(element);
}

void read_lists(Object& object, const Json& json) {
  each_of(json, "labels", [&](const Json& label) {
    if (label.is(JsonKind::string)) object.labels.emplace_back(label.string());
  });
  each_of(json, "external_references", [&](const Json& reference) {
    object.external_references.push_back({std::string(text_of(reference, "source_name")),
                                          std::string(text_of(reference, "external_id")),
                                          std::string(text_of(reference, "url"))});
  });
  each_of(json, "object_marking_refs", [&](const Json& reference) {
    if (!reference.is(JsonKind::string)) return;
    if (auto id = ObjectId::parse(reference.string())) object.object_marking_refs.push_back(std::move(*id));
  });
  each_of(json, "granular_markings", [&](const Json& marking) {
    GranularMarking granular{id_of(marking, "marking_ref"), std::string(text_of(marking, "lang")), {}};
    each_of(marking, "selectors", [&](const Json& selector) {
      if (selector.is(JsonKind::string)) granular.selectors.emplace_back(selector.string());
    });
    object.granular_markings.push_back(std::move(granular));
  });
}

Version version_of(const Object& object, const Json& json) {
  if (object.modified) return *object.modified;
  if (object.created) return *object.created;
  return content_digest(json);
}

}  // namespace

std::expected<Object, Refused> read_object(const Json& json, const ReadOptions& options) {
  Checker checker(json, options);
  checker.run();
  if (checker.has_errors()) return std::unexpected(Refused{std::string(text_of(json, "id")), checker.take()});
  auto id = id_of(json, "id");
  if (!id)
    return std::unexpected(
        Refused{{}, {{Severity::error, "STIX 2.1 §2.9", "", "the property 'id' is missing"}}});
  Object object;
  object.bytes = std::make_shared<const std::string>(json.raw());
  object.id = std::move(*id);
  object.spec_version = checker.profile().version;
  object.created = time_of(json, "created");
  object.modified = time_of(json, "modified");
  object.created_by_ref = id_of(json, "created_by_ref");
  object.revoked = is_revoked(json);
  object.confidence = confidence_of(json);
  read_lists(object, json);
  object.references = references_of(json);
  object.values = values_of(json, object.spec_version, checker.pattern());
  object.version = version_of(object, json);
  object.warnings = checker.take();
  return object;
}

bool is_revoked(const Json& json) {
  const auto revoked = json.find("revoked");
  return revoked && revoked->is(JsonKind::boolean) && revoked->boolean();
}

}  // namespace shieldwall::model
