#include "wire/marking.h"

#include <algorithm>

#include "model/json.h"
#include "policy/label_json.h"
#include "wire/stix_definitions.h"

namespace shieldwall::wire {
namespace {

using model::Json;
using model::JsonKind;
using policy::Tlp;

bool says(const std::optional<Json>& json, std::string_view text) {
  return json && json->is(JsonKind::string) && json->string() == text;
}

std::string_view text_of(const std::optional<Json>& json) {
  return json && json->is(JsonKind::string) ? json->string() : std::string_view{};
}

std::optional<Tlp> tlp_1_named(std::string_view text) {
  if (text == "white") return Tlp::clear;
  if (text == "green") return Tlp::green;
  if (text == "amber") return Tlp::amber;
  if (text == "red") return Tlp::red;
  return std::nullopt;
}

void read_definition(const Json& root, Marking& marking) {
  const auto type = root.find("definition_type");
  if (!type) return;
  const auto definition = root.find("definition");
  if (says(type, "statement")) {
    marking.is_statement = true;
  } else if (const auto tlp = definition ? tlp_1_named(text_of(definition->find("tlp"))) : std::nullopt;
             says(type, "tlp") && tlp) {
    marking.tlp = tlp;
  } else {
    marking.is_unknown = true;
  }
}

void read_tlp_2(const Json& extension, Marking& marking) {
  const auto tlp = policy::tlp_named(text_of(extension.find("tlp_2_0")));
  if (tlp) {
    marking.tlp = std::max(*tlp, marking.tlp.value_or(Tlp::clear));
  } else {
    marking.is_unknown = true;
  }
}

void read_ours(const Json& extension, Marking& marking) {
  const auto label = extension.find("label");
  auto read =
      label ? policy::read_label_json(*label) : Result<policy::Label>(fail(ErrorCode::invalid, "no label"));
  if (read && extension.size() == 2 && says(extension.find("extension_type"), "property-extension")) {
    marking.label = std::move(*read);
  } else {
    marking.is_unknown = true;
  }
}

void read_extensions(const Json& root, Marking& marking) {
  const auto extensions = root.find("extensions");
  if (!extensions) return;
  if (!extensions->is(JsonKind::object)) marking.is_unknown = true;
  for (const Json extension : *extensions) {
    if (extension.key() == tlp_2_extension) {
      read_tlp_2(extension, marking);
    } else if (extension.key() == label_extension) {
      read_ours(extension, marking);
    } else {
      marking.is_unknown = true;
    }
  }
}

Marking unknown() {
  Marking marking;
  marking.is_unknown = true;
  return marking;
}

}  // namespace

Marking read_marking(const model::ObjectId& id, const MarkingLookup& lookup) {
  Marking marking;
  if ((marking.tlp = tlp_of(id))) return marking;
  const auto text = lookup ? lookup(id) : nullptr;
  if (text == nullptr) return unknown();
  const auto document = model::JsonDocument::parse(*text);
  if (!document) return unknown();
  const Json root = document->root();
  if (!says(root.find("type"), "marking-definition") || !says(root.find("id"), id.text())) return unknown();
  read_definition(root, marking);
  read_extensions(root, marking);
  if (!marking.tlp && !marking.label && !marking.is_statement) marking.is_unknown = true;
  return marking;
}

}  // namespace shieldwall::wire
