#include "exchange/ask/request.h"

#include "api/fields.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::ask {

namespace {

std::string prefix_of(const OrganisationId& owner) {
  return "ask/request/" + owner.text() + "/";
}

}  // namespace

Bytes encode(const Request& request) {
  model::JsonWriter out;
  out.begin_object();
  out.member("by", request.by.text());
  out.member("name", request.name);
  out.member("value", request.value);
  out.key("objects");
  out.begin_array();
  for (const auto& object : request.objects) out.value(object);
  out.end_array();
  out.member("at", to_text(request.at));
  out.end_object();
  return std::move(out).text();
}

Result<Request> decode_request(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "a request"));
  Request request;
  request.by = TRY(fields.parsed<OrganisationId>("by"));
  request.name = TRY(fields.text("name"));
  request.value = TRY(fields.text("value"));
  request.objects = TRY(fields.texts("objects"));
  request.at = TRY(fields.optional_time("at")).value_or(Timestamp{});
  return request;
}

Done keep_request(api::Services& services, const OrganisationId& owner, const Request& request) {
  const store::Write writes[] = {
      {.table = store::Table::quota,
       .key = prefix_of(owner) + to_text(request.at) + "/" + Uuid::random(services.random).text(),
       .value = encode(request),
       .expected = {},
       .expires = request.at + requests_kept}};
  return services.store.records().write(writes);
}

Result<std::vector<Request>> requests_to(store::Records& records, const OrganisationId& owner) {
  const auto rows = TRY(records.scan(store::Table::quota, prefix_of(owner), {}, requests_listed_max));
  std::vector<Request> requests;
  for (const auto& row : rows) {
    auto request = decode_request(row.value);
    if (!request) return fail(ErrorCode::corrupt, "row {}: {}", row.key, request.error().message);
    requests.push_back(std::move(*request));
  }
  return requests;
}

}  // namespace shieldwall::exchange::ask
