#include "api/openapi_example.h"
#include "api/openapi_parts.h"
#include "api/route.h"
#include "base/text.h"
#include "model/json_writer.h"

namespace shieldwall::api {

void write_schema(model::JsonWriter& out, std::string_view type, std::string_view meaning) {
  out.begin_object();
  if (!meaning.empty()) out.member("description", meaning);
  if (type.starts_with("[]")) {
    out.member("type", "array");
    out.key("items");
    write_schema(out, type.substr(2));
  } else if (type == "timestamp") {
    out.member("type", "string");
    out.member("format", "date-time");
  } else if (type == "string" || type == "integer" || type == "boolean" || type == "object" ||
             type == "number") {
    out.member("type", type);
  } else {
    out.member("$ref", fmt::format("#/components/schemas/{}", type));
  }
  out.end_object();
}

namespace {

using model::JsonWriter;

void write_parameter(JsonWriter& out,
                     std::string_view name,
                     std::string_view place,
                     std::string_view type,
                     std::string_view meaning) {
  out.begin_object();
  out.member("name", name);
  out.member("in", place);
  out.member("required", place == "path");
  out.member("description", meaning);
  out.key("schema");
  write_schema(out, type);
  out.end_object();
}

void write_parameters(JsonWriter& out, const Route& route) {
  out.key("parameters");
  out.begin_array();
  for (const auto segment : split(route.path, '/')) {
    if (!segment.starts_with('{')) continue;
    const auto name = segment.substr(1, segment.size() - 2);
    const auto what =
        name == "id" ? "id of what the path names" : fmt::format("which {}: its id, or its name", name);
    write_parameter(out, name, "path", "string", what);
  }
  for (const auto& parameter : route.parameters)
    write_parameter(out, parameter.name, "query", parameter.type, parameter.meaning);
  out.end_array();
}

void write_content(JsonWriter& out, const Type& type, const Types& types) {
  out.key("content");
  out.begin_object();
  out.key(type.media_type);
  out.begin_object();
  out.key("schema");
  write_schema(out, type.name);
  out.key("example");
  write_example(out, type, types);
  out.end_object();
  out.end_object();
}

void write_answers(JsonWriter& out, const Route& route, const Types& types) {
  out.key("responses");
  out.begin_object();
  // What is made answers 201, what is only accepted 202: the range says what they share.
  out.key(route.answer != nullptr && route.method == net::Method::get ? "200" : "2XX");
  out.begin_object();
  out.member("description", route.answer != nullptr ? "done" : "done; the summary says what comes back");
  if (route.answer != nullptr) write_content(out, *route.answer, types);
  out.end_object();
  write_failures_of(out, route);
  out.end_object();
}

/// "get" + "/api/v1/objects/{id}" -> "get_objects_id": unique, since method and path are.
std::string operation_id(const Route& route) {
  std::string id = to_lower_ascii(net::name_of(route.method));
  for (const auto segment : split(route.path, '/')) {
    if (segment.empty() || segment == "api" || segment == "v1") continue;
    id += '_';
    for (const char c : segment)
      if (c != '{' && c != '}') id += c == '.' || c == '-' ? '_' : c;
  }
  return id;
}

/// What a path is about: "circles" of "/api/v1/circles/{circle}".
std::string_view tag_of(const Route& route) {
  const auto segments = split(route.path, '/');
  return segments.size() > 3 && segments[1] == "api" ? segments[3] : "node";
}

void write_operation(JsonWriter& out, const Route& route, const Types& types) {
  out.key(to_lower_ascii(net::name_of(route.method)));
  out.begin_object();
  out.member("operationId", operation_id(route));
  out.member("summary", route.summary);
  out.key("tags");
  out.begin_array();
  out.value(tag_of(route));
  out.end_array();
  out.member("x-right", name_of(route.right));
  out.key("security");
  out.begin_array();
  if (route.right != Right::none)
    for (const auto* scheme : {"basic", "bearer", "session"}) {
      out.begin_object();
      out.key(scheme);
      out.begin_array();
      out.end_array();
      out.end_object();
    }
  out.end_array();
  write_parameters(out, route);
  if (route.body != nullptr) {
    out.key("requestBody");
    out.begin_object();
    out.member("required", true);
    write_content(out, *route.body, types);
    out.end_object();
  }
  write_answers(out, route, types);
  out.end_object();
}

void write_type(JsonWriter& out, const Type& type) {
  out.key(type.name);
  out.begin_object();
  out.member("type", "object");
  out.key("required");
  out.begin_array();
  for (const auto& field : type.fields)
    if (field.required) out.value(field.name);
  out.end_array();
  out.key("properties");
  out.begin_object();
  for (const auto& field : type.fields) {
    out.key(field.name);
    write_schema(out, field.type, field.meaning);
  }
  out.end_object();
  out.end_object();
}

void write_security(JsonWriter& out) {
  out.key("securitySchemes");
  out.begin_object();
  for (const auto& [name, scheme] : {std::pair{"basic", "basic"}, std::pair{"bearer", "bearer"}}) {
    out.key(name);
    out.begin_object();
    out.member("type", "http");
    out.member("scheme", scheme);
    out.end_object();
  }
  out.key("session");
  out.begin_object();
  out.member("type", "apiKey");
  out.member("in", "cookie");
  out.member("name", "__Host-session");
  out.end_object();
  out.end_object();
}

constexpr Field problem_fields[] = {{"type", "string", "about:blank"},
                                    {"title", "string", "the status in words"},
                                    {"status", "integer", "HTTP status"},
                                    {"detail", "string", "what happened and what to do"}};
constexpr Type problem_type{"Problem", problem_fields, "application/problem+json"};

Types types_of(std::span<const Route> routes) {
  Types types{{problem_type.name, &problem_type}};
  for (const auto& route : routes) {
    if (route.body != nullptr) types.emplace(route.body->name, route.body);
    if (route.answer != nullptr) types.emplace(route.answer->name, route.answer);
  }
  return types;
}

void write_components(JsonWriter& out, const Types& types) {
  out.key("components");
  out.begin_object();
  out.key("schemas");
  out.begin_object();
  for (const auto& [name, type] : types) write_type(out, *type);
  out.end_object();
  write_failures(out);
  write_security(out);
  out.end_object();
}

void write_info(JsonWriter& out, std::string_view version) {
  out.key("info");
  out.begin_object();
  out.member("title", "Shieldwall");
  out.member("version", version);
  out.member(
      "description",
      "What a Shieldwall node does for scripts and consoles. TAXII 2.1 is served beside it under /taxii2/, "
      "as its own standard says. An account sees what was released to its organisation; what is hidden "
      "looks like what is absent.");
  out.key("license");
  out.begin_object();
  out.member("name", "Apache License 2.0");
  out.member("identifier", "Apache-2.0");
  out.end_object();
  out.end_object();
  out.key("servers");
  out.begin_array();
  out.begin_object();
  out.member("url", "/");
  out.member("description", "the node that serves this description");
  out.end_object();
  out.end_array();
}

}  // namespace

Bytes openapi(std::span<const Route> routes, std::string_view version) {
  std::vector<Route> described;
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const auto& route : routes)
    if (route.dialect == Dialect::api) described.push_back(route);
  for (const auto& route : described) by_path[route.path].push_back(&route);
  const auto types = types_of(described);
  JsonWriter out;
  out.begin_object();
  out.member("openapi", "3.1.0");
  write_info(out, version);
  out.key("paths");
  out.begin_object();
  for (const auto& [path, rows] : by_path) {
    out.key(path);
    out.begin_object();
    for (const auto* route : rows) write_operation(out, *route, types);
    out.end_object();
  }
  out.end_object();
  write_components(out, types);
  out.end_object();
  return std::move(out).text();
}

}  // namespace shieldwall::api
