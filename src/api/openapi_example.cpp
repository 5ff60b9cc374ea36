#include "api/openapi_example.h"

#include <algorithm>

namespace shieldwall::api {

namespace {

using model::JsonWriter;

constexpr int depth_max = 4;  // types that hold themselves end there
constexpr std::string_view some_uuid = "5f0c2b6e-8a1d-4c3f-9e2b-7d4a1c6f8b90";

struct Sample {
  std::string_view field;
  std::string_view value;
};
/// What readers of the description know these words by.
constexpr Sample samples[] = {
    {"name", "alice"},
    {"title", "Energy sector"},
    {"alias", "energy"},
    {"description", "Indicators seen at operators of power grids"},
    {"nation", "EST"},
    {"roles", "analyst"},
    {"rights", "read"},
    {"password", "four words nobody guesses"},
    {"old_password", "the one that counts now"},
    {"url", "https://taxii.example/root/collections/5f0c2b6e-8a1d-4c3f-9e2b-7d4a1c6f8b90/"},
    {"tlp", "TLP:AMBER"},
    {"ceiling", "amber"},
    {"status", "complete"},
    {"type", "about:blank"},
    {"version", "2024-05-01T08:00:00.000Z"},
    {"modified", "2024-05-01T08:00:00.000Z"},
    {"identity", "identity--5f0c2b6e-8a1d-4c3f-9e2b-7d4a1c6f8b90"},
    {"label", "feed of the SIEM"},
    {"prefix", "0123456789ab"},
    {"media_types", "application/stix+json;version=2.1"},
    {"organisation_name", "CERT Example"},
};

/// Of a field that holds text: what is known of its name, a UUID where its meaning says so, else the meaning.
std::string_view text_for(const Field& field) {
  const auto known = std::ranges::find(samples, field.name, &Sample::field);
  if (known != std::end(samples)) return known->value;
  return field.meaning.starts_with("UUID") || field.meaning.starts_with("id ") ? some_uuid : field.meaning;
}

void write_fields(JsonWriter& out, const Type& type, const Types& types, int depth);

void write_value(JsonWriter& out, const Field& field, std::string_view type, const Types& types, int depth) {
  if (type.starts_with("[]")) {
    out.begin_array();
    if (depth < depth_max) write_value(out, field, type.substr(2), types, depth + 1);
    out.end_array();
  } else if (type == "timestamp") {
    out.value("2024-05-01T08:00:00.000000Z");
  } else if (type == "integer" || type == "number") {
    out.value(1);
  } else if (type == "boolean") {
    out.value(true);
  } else if (const auto named = types.find(type); named != types.end()) {
    write_fields(out, *named->second, types, depth + 1);
  } else if (type == "object") {
    out.begin_object();
    out.end_object();
  } else {
    out.value(text_for(field));
  }
}

void write_fields(JsonWriter& out, const Type& type, const Types& types, int depth) {
  out.begin_object();
  for (const auto& field : type.fields) {
    if (depth >= depth_max && !field.required) continue;
    out.key(field.name);
    write_value(out, field, field.type, types, depth);
  }
  out.end_object();
}

}  // namespace

void write_example(JsonWriter& out, const Type& type, const Types& types) {
  write_fields(out, type, types, 0);
}

}  // namespace shieldwall::api
