#include "api/route.h"
#include "base/text.h"
#include "model/json_writer.h"

namespace shieldwall::api {

namespace {

using model::JsonWriter;

void write_schema(JsonWriter& out, std::string_view type) {
  out.begin_object();
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

void write_parameter(JsonWriter& out,
                     std::string_view name,
                     std::string_view place,
                     std::string_view type,
                     std::string_view meaning) {
  out.begin_object();
  out.member("name", name);
  out.member("in", place);
  out.member("required", place == "path");
  if (!meaning.empty()) out.member("description", meaning);
  out.key("schema");
  write_schema(out, type);
  out.end_object();
}

void write_parameters(JsonWriter& out, const Route& route) {
  out.key("parameters");
  out.begin_array();
  for (const auto segment : split(route.path, '/'))
    if (segment.starts_with('{'))
      write_parameter(out, segment.substr(1, segment.size() - 2), "path", "string", "");
  for (const auto& parameter : route.parameters)
    write_parameter(out, parameter.name, "query", parameter.type, parameter.meaning);
  out.end_array();
}

void write_content(JsonWriter& out, const Type& type) {
  out.key("content");
  out.begin_object();
  out.key(type.media_type);
  out.begin_object();
  out.key("schema");
  write_schema(out, type.name);
  out.end_object();
  out.end_object();
}

void write_answers(JsonWriter& out, const Route& route) {
  out.key("responses");
  out.begin_object();
  out.key(route.answer != nullptr ? "200" : "2XX");
  out.begin_object();
  out.member("description", "done");
  if (route.answer != nullptr) write_content(out, *route.answer);
  out.end_object();
  out.key("default");
  out.begin_object();
  out.member("description", "a problem, RFC 9457");
  out.key("content");
  out.begin_object();
  out.key("application/problem+json");
  out.begin_object();
  out.key("schema");
  write_schema(out, "Problem");
  out.end_object();
  out.end_object();
  out.end_object();
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

void write_operation(JsonWriter& out, const Route& route) {
  out.key(to_lower_ascii(net::name_of(route.method)));
  out.begin_object();
  out.member("operationId", operation_id(route));
  out.member("summary", route.summary);
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
    write_content(out, *route.body);
    out.end_object();
  }
  write_answers(out, route);
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
    write_schema(out, field.type);
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

void write_components(JsonWriter& out, std::span<const Route> routes) {
  static constexpr Field problem_fields[] = {{"type", "string", "about:blank"},
                                             {"title", "string", "the status in words"},
                                             {"status", "integer", "HTTP status"},
                                             {"detail", "string", "what happened and what to do"}};
  static constexpr Type problem_type{"Problem", problem_fields, "application/problem+json"};
  std::map<std::string_view, const Type*> types{{problem_type.name, &problem_type}};
  for (const auto& route : routes) {
    if (route.body != nullptr) types.emplace(route.body->name, route.body);
    if (route.answer != nullptr) types.emplace(route.answer->name, route.answer);
  }
  out.key("components");
  out.begin_object();
  out.key("schemas");
  out.begin_object();
  for (const auto& [name, type] : types) write_type(out, *type);
  out.end_object();
  write_security(out);
  out.end_object();
}

}  // namespace

Bytes openapi(std::span<const Route> routes, std::string_view version) {
  std::vector<Route> described;
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const auto& route : routes)
    if (route.dialect == Dialect::api) described.push_back(route);
  for (const auto& route : described) by_path[route.path].push_back(&route);
  JsonWriter out;
  out.begin_object();
  out.member("openapi", "3.1.0");
  out.key("info");
  out.begin_object();
  out.member("title", "Shieldwall");
  out.member("version", version);
  out.end_object();
  out.key("paths");
  out.begin_object();
  for (const auto& [path, rows] : by_path) {
    out.key(path);
    out.begin_object();
    for (const auto* route : rows) write_operation(out, *route);
    out.end_object();
  }
  out.end_object();
  write_components(out, described);
  out.end_object();
  return std::move(out).text();
}

}  // namespace shieldwall::api
