#pragma once
// The shape of every endpoint: a row that names method, path, right, request and answer. Checks, OpenAPI and
// the console's types come from these rows.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/response.h"

namespace shieldwall::api {

/// One property of a request or answer, as OpenAPI will show it.
struct Field {
  std::string_view name;
  std::string_view type;  // "string", "integer", "boolean", "timestamp", "object", "[]string", or the name of
                          // a Type: "[]Account"
  std::string_view meaning;
  bool required = true;
};

/// A request or answer body.
struct Type {
  std::string_view name;
  std::span<const Field> fields;
  std::string_view media_type = json_type;
};

/// A query parameter.
struct Parameter {
  std::string_view name;
  std::string_view type;
  std::string_view meaning;
};

/// In which form errors are told, and which media types are negotiated, before and around the handler.
enum class Dialect : std::uint8_t { api, taxii };

using Handler = Result<Response> (*)(Call& call);

/// Opens what takes a body of any size in pieces, given the request's head; the handler then finds it in
/// `call.request.sink`. A small body may come whole in `call.request.body` instead, without this being asked.
using Opener = Result<std::shared_ptr<net::BodySink>> (*)(Call& head);

struct Route {
  net::Method method;
  std::string_view path;  // "/api/v1/objects/{id}"; a final slash is optional in requests
  Right right;
  Handler handler;
  std::string_view summary;
  Dialect dialect = Dialect::api;
  std::span<const Parameter> parameters = {};
  const Type* body = nullptr;    // nothing: the request has none
  const Type* answer = nullptr;  // nothing: 204, or described by the summary
  Opener opener = nullptr;       // nothing: the body is kept in memory
  /// Whether an answer may show objects; nothing: if the right is `read`. Such rows wait, after a restore,
  /// for what members recalled since the backup.
  std::optional<bool> shows_objects = {};
};

/// Finds the row for a request among all rows of the node.
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  // nothing: no such path
    bool path_exists = false;      // but not with this method
    std::string allowed;           // "GET, POST" then
    std::map<std::string, std::string, std::less<>> path;
  };
  Match find(net::Method method, const net::Target& target) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

/// OpenAPI 3.1 description of the rows of dialect api.
Bytes openapi(std::span<const Route> routes, std::string_view version);

}  // namespace shieldwall::api
