// /api/v1/api-roots: the TAXII API roots of this node.

#include "api/fields.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

using api::Call;
using api::Fields;
using api::Response;
using api::Right;
using ledger::ApiRoot;
using ledger::Authority;
using ledger::Row;
using model::JsonWriter;

constexpr std::int64_t content_length_max = 32ll << 20;  // the model's own limit on one document

void write_root(JsonWriter& out, const ApiRoot& root) {
  out.begin_object();
  out.member("name", root.name);
  out.member("title", root.title);
  out.member("description", root.description);
  out.member("max_content_length", root.max_content_length);
  out.member("default", root.is_default);
  if (root.everything) out.member("everything", root.everything->text());
  out.member("created", to_text(root.created));
  out.end_object();
}

Response told(int status, const ApiRoot& root) {
  JsonWriter out;
  write_root(out, root);
  return answer(status, std::move(out));
}

Result<Response> list_roots(Call& call) {
  JsonWriter out;
  out.begin_object();
  out.key("api_roots");
  out.begin_array();
  for (const auto& row : TRY(ledger::list_api_roots(records_of(call)))) write_root(out, row.value);
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Done read_common(const Call& call, Fields& fields, ApiRoot& root) {
  root.title = TRY(fields.optional_text("title")).value_or(root.title);
  root.description = TRY(fields.optional_text("description")).value_or(root.description);
  root.is_default = TRY(fields.flag("default", root.is_default));
  if (const auto length = TRY(fields.optional_number("max_content_length"))) {
    if (*length < 1 || *length > content_length_max)
      return fail(ErrorCode::invalid, "'max_content_length' must be 1 to {}", content_length_max);
    root.max_content_length = static_cast<std::uint64_t>(*length);
  }
  const auto id = TRY(fields.optional_parsed<CircleId>("everything_id"));
  const auto wanted = TRY(fields.optional_flag("everything"));
  if (wanted && !*wanted && id)
    return fail(ErrorCode::invalid, "'everything_id' is given, but 'everything' is false");
  if (wanted && !*wanted) root.everything.reset();
  if (id) root.everything = *id;
  if (wanted && *wanted && !root.everything) root.everything = CircleId::random(call.services.random);
  return {};
}

Result<Response> create_root(Call& call) {
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  ApiRoot root{.name = TRY(fields.text("name")), .created = call.now};
  root.title = root.name;
  const auto allowed = TRY(Authority::change(*call.caller, parts_of(call).home, Row<ApiRoot>{root, 0}));
  TRY(read_common(call, fields, root));
  TRY(fields.finish());
  auto done = ledger::save(call.services.store, allowed, root, "api_root.add");
  if (!done && done.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "an API root of that name exists");
  TRY(std::move(done));
  return told(201, root);
}

Result<Response> change_root(Call& call) {
  const auto row = TRY(ledger::read_api_root(records_of(call), call.part("name")));
  const auto allowed = TRY(Authority::change(*call.caller, parts_of(call).home, row));
  const auto document = TRY(json_body(call));
  auto fields = TRY(Fields::of(document.root()));
  auto root = allowed.look();
  TRY(read_common(call, fields, root));
  TRY(fields.finish());
  TRY(ledger::save(call.services.store, allowed, root, "api_root.change"));
  return told(200, root);
}

constexpr api::Field root_fields[] = {
    {"name", "string", "the first segment of its URLs"},
    {"title", "string", "in words"},
    {"description", "string", "in words"},
    {"max_content_length", "integer", "bytes of one request body"},
    {"default", "boolean", "named as default by the discovery resource"},
    {"everything", "string", "UUID of its collection of all a caller may see", false},
    {"created", "timestamp", "when it was made"},
};
constexpr api::Type root_type{"ApiRoot", root_fields};
constexpr api::Field create_fields[] = {
    {"name", "string", "1 to 64 letters, digits and - _ ."},
    {"title", "string", "in words; absent: the name", false},
    {"description", "string", "in words", false},
    {"max_content_length", "integer", "bytes of one request body; default 32 MiB", false},
    {"default", "boolean", "named as default by the discovery resource", false},
    {"everything", "boolean", "has a collection of all a caller may see; default false", false},
    {"everything_id", "string", "UUID of that collection; drawn when absent", false},
};
constexpr api::Type create_type{"NewApiRoot", create_fields};
constexpr api::Type change_type{"ApiRootChange", std::span(create_fields).subspan(1)};
constexpr api::Field list_fields[] = {{"api_roots", "[]object", "by creation; each as ApiRoot"}};
constexpr api::Type list_type{"ApiRoots", list_fields};

}  // namespace

std::span<const api::Route> api_root_routes() {
  using net::Method;
  static const api::Route routes[] = {
      {.method = Method::get,
       .path = "/api/v1/api-roots",
       .right = Right::read,
       .handler = list_roots,
       .summary = "TAXII API roots of this node",
       .answer = &list_type,
       .shows_objects = false},
      {.method = Method::post,
       .path = "/api/v1/api-roots",
       .right = Right::operate,
       .handler = create_root,
       .summary = "Make an API root",
       .body = &create_type,
       .answer = &root_type},
      {.method = Method::patch,
       .path = "/api/v1/api-roots/{name}",
       .right = Right::operate,
       .handler = change_root,
       .summary = "Change an API root",
       .body = &change_type,
       .answer = &root_type},
  };
  return routes;
}

}  // namespace shieldwall::server
