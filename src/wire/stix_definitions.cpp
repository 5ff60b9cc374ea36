// Marking definitions as objects: the nine of TLP, ours, and the extension that ours use.

#include "wire/stix_definitions.h"

#include <fmt/format.h>

#include "policy/label_json.h"
#include "wire/stix_label.h"

namespace shieldwall::wire {
namespace {

using policy::Tlp;

struct TlpRow {
  std::string_view uuid;
  Tlp tlp;
  std::string_view name;  // as the definition spells it
};

/// TLP 2.0, created 2022-10-01, then TLP 1 as STIX 2.1 section 7.2.1.4 fixes it.
constexpr TlpRow tlp_rows[] = {
    {"94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::clear, "clear"},
    {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::green, "green"},
    {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::amber, "amber"},
    {"939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::amber_strict, "amber+strict"},
    {"e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::red, "red"},
    {"613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::clear, "white"},
    {"34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::green, "green"},
    {"f88d31f6-486f-44da-b317-01333bde0b82", Tlp::amber, "amber"},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::red, "red"},
};
constexpr std::size_t tlp_2_count = 5;

std::string upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return upper;
}

MarkingDefinition tlp_definition(const TlpRow& row, bool is_tlp_2) {
  const auto id = *model::ObjectId::parse(fmt::format("marking-definition--{}", row.uuid));
  if (is_tlp_2)
    return {
        .id = id,
        .bytes = fmt::format(
            R"({{"created":"2022-10-01T00:00:00.000Z","extensions":{{"{}":{{"extension_type":"property-extension",)"
            R"("tlp_2_0":"{}"}}}},"id":"{}","name":"TLP:{}","spec_version":"2.1","type":"marking-definition"}})",
            tlp_2_extension,
            row.name,
            id.text(),
            upper(row.name))};
  return {.id = id,
          .bytes = fmt::format(
              R"({{"created":"2017-01-20T00:00:00.000Z","definition":{{"tlp":"{}"}},"definition_type":"tlp",)"
              R"("id":"{}","name":"TLP:{}","spec_version":"2.1","type":"marking-definition"}})",
              row.name,
              id.text(),
              upper(row.name))};
}

struct TlpId {
  Uuid uuid;
  Tlp tlp;
};

std::vector<TlpId> all_tlp_ids() {
  std::vector<TlpId> ids;
  for (const TlpRow& row : tlp_rows) ids.push_back({*Uuid::parse(row.uuid), row.tlp});
  return ids;
}

/// Whether the label says more than TLP:AMBER+STRICT, or its own TLP, can: an audience alone is kept by the
/// outer TLP, which lets no recipient pass the object on.
bool says_more_than_tlp(const policy::Label& label) {
  return label.pap != policy::Pap::clear || label.use != policy::UseLimits{} ||
         label.classification.scheme != 0 || !label.compartments.empty() || label.originator_control ||
         !label.realm.is_nil() || label.persons || label.embargo != Timestamp::always() ||
         label.end != Timestamp::never();
}

}  // namespace

std::optional<Tlp> tlp_of(const model::ObjectId& id) {
  static const std::vector<TlpId> ids = all_tlp_ids();
  if (id.type != "marking-definition") return std::nullopt;
  for (const TlpId& one : ids)
    if (one.uuid == id.uuid) return one.tlp;
  return std::nullopt;
}

const std::vector<MarkingDefinition>& tlp_definitions() {
  static const std::vector<MarkingDefinition> all = [] {
    std::vector<MarkingDefinition> made;
    for (const TlpRow& row : tlp_rows) made.push_back(tlp_definition(row, made.size() < tlp_2_count));
    return made;
  }();
  return all;
}

std::optional<MarkingDefinition> marking_of(const policy::Label& label) {
  if (!says_more_than_tlp(label)) return std::nullopt;
  static const Uuid name_space = *Uuid::parse(label_name_space);
  const model::ObjectId id{.type = "marking-definition",
                           .uuid = Uuid::named(name_space, policy::encode(label))};
  return MarkingDefinition{
      .id = id,
      .bytes = fmt::format(
          R"({{"created":"2025-01-01T00:00:00.000Z","extensions":{{"{}":{{"extension_type":"property-extension",)"
          R"("label":{}}}}},"id":"{}","name":"Shieldwall label","spec_version":"2.1","type":"marking-definition"}})",
          label_extension,
          policy::label_json(label),
          id.text())};
}

const MarkingDefinition& extension_definition() {
  static const MarkingDefinition definition{
      .id = *model::ObjectId::parse(label_extension),
      .bytes = fmt::format(
          R"({{"created":"2025-01-01T00:00:00.000Z","created_by_ref":"{}",)"
          R"("description":"What TLP cannot say about who may see an object and what they may do with it.",)"
          R"("extension_types":["property-extension"],"id":"{}","modified":"2025-01-01T00:00:00.000Z",)"
          R"("name":"Shieldwall label","schema":"Shieldwall, docs/formats/stix-extension.md","spec_version":"2.1",)"
          R"("type":"extension-definition","version":"1.0.0"}})",
          extension_author,
          label_extension)};
  return definition;
}

}  // namespace shieldwall::wire
