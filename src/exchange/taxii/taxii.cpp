#include "exchange/taxii/taxii.h"

#include "exchange/taxii/handlers.h"
#include "exchange/taxii/media_type.h"
#include "model/json_writer.h"
#include "wire/compression.h"

namespace shieldwall::exchange {

namespace {

using namespace taxii;

/// The handler, once the Accept field lets us answer at all. TAXII 2.1 section 1.6.8.
template <api::Handler handler>
Result<api::Response> negotiated(api::Call& call) {
  if (!accepts_taxii(call.request.headers))
    return taxii_error(406, fmt::format("answers here are {}; name it in Accept", media_type));
  auto response = handler(call);
  if (!response || response->status() != 200) return response;
  if (response->body_bytes() >= gzip_bytes_min && !response->has_header("Content-Encoding") &&
      accepts_gzip(call.request.headers))
    response->coded(gzip_coding, wire::gzip);
  response->header("Vary", policy::Public::of("Accept, Accept-Encoding, Authorization"));
  return response;
}

constexpr api::Parameter paging[] = {
    {"limit", "integer", "at most so many, from 1; the server may give fewer"},
    {"next", "string", "where the page before ended"},
    {"added_after", "timestamp", "only what was added later than this"},
};

constexpr api::Dialect dialect = api::Dialect::taxii;

const api::Route routes[] = {
    {.method = net::Method::get,
     .path = "/taxii2/",
     .right = api::Right::read,
     .handler = negotiated<get_discovery>,
     .summary = "discovery",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/",
     .right = api::Right::read,
     .handler = negotiated<get_api_root>,
     .summary = "an API root",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/status/{status}/",
     .right = api::Right::read,
     .handler = negotiated<get_status>,
     .summary = "what became of objects that were added",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/collections/",
     .right = api::Right::read,
     .handler = negotiated<get_collections>,
     .summary = "collections",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/collections/{collection}/",
     .right = api::Right::read,
     .handler = negotiated<get_collection>,
     .summary = "a collection",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/collections/{collection}/manifest/",
     .right = api::Right::read,
     .handler = negotiated<get_manifest>,
     .summary = "what a collection holds",
     .dialect = dialect,
     .parameters = paging},
    {.method = net::Method::get,
     .path = "/{root}/collections/{collection}/objects/",
     .right = api::Right::read,
     .handler = negotiated<get_objects>,
     .summary = "objects of a collection",
     .dialect = dialect,
     .parameters = paging},
    {.method = net::Method::post,
     .path = "/{root}/collections/{collection}/objects/",
     .right = api::Right::read,  // whether it may add is the circle's to say
     .handler = negotiated<add_objects>,
     .summary = "add objects to a collection",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/collections/{collection}/objects/{object}/",
     .right = api::Right::read,
     .handler = negotiated<get_object>,
     .summary = "one object, all its versions that are asked for",
     .dialect = dialect,
     .parameters = paging},
    {.method = net::Method::delete_,
     .path = "/{root}/collections/{collection}/objects/{object}/",
     .right = api::Right::read,
     .handler = negotiated<delete_object>,
     .summary = "delete an object, or some of its versions",
     .dialect = dialect},
    {.method = net::Method::get,
     .path = "/{root}/collections/{collection}/objects/{object}/versions/",
     .right = api::Right::read,
     .handler = negotiated<get_versions>,
     .summary = "the versions of an object",
     .dialect = dialect,
     .parameters = paging},
};

}  // namespace

std::span<const api::Route> taxii_routes() {
  static const auto all = [] {
    std::vector<api::Route> rows(std::begin(routes), std::end(routes));
    const auto feeds = feed_routes();
    rows.insert(rows.end(), feeds.begin(), feeds.end());
    return rows;
  }();
  return all;
}

api::Response taxii_error(const Error& error) {
  return taxii_error(api::status_of(error.code), error.message);
}

api::Response taxii_error(int status, std::string_view description) {
  model::JsonWriter out;
  out.begin_object();
  out.member("title", net::reason_of(status));
  out.member("description", description);
  out.member("http_status", std::to_string(status));
  out.end_object();
  return {status, policy::Public::of(std::move(out).text()), media_type};
}

}  // namespace shieldwall::exchange
