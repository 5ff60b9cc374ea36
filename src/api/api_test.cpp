#include <doctest/doctest.h>

#include "api/response.h"
#include "api/route.h"
#include "api/seal.h"

using namespace shieldwall;
using namespace shieldwall::api;

namespace {

Result<Response> nothing(Call&) {
  return Response::nothing();
}

}  // namespace

TEST_CASE("a route is found by its path, with or without the final slash, literal segments first") {
  const Router router({
      {net::Method::get, "/taxii2/", Right::none, nothing, "discovery"},
      {net::Method::get, "/{root}/collections/", Right::read, nothing, "collections"},
      {net::Method::get, "/api/v1/objects/{id}", Right::read, nothing, "object"},
      {net::Method::get, "/api/v1/objects/mine", Right::read, nothing, "own objects"},
      {net::Method::post, "/api/v1/objects/{id}", Right::publish, nothing, "put"},
  });
  const auto found = [&](net::Method method, std::string_view path) {
    return router.find(method, *net::parse_target(path));
  };
  CHECK(found(net::Method::get, "/taxii2").route->summary == "discovery");
  CHECK(found(net::Method::get, "/taxii2/").route->summary == "discovery");
  CHECK(found(net::Method::head, "/api/v1/objects/a").route->summary == "object");
  CHECK(found(net::Method::get, "/api/v1/objects/a%20b").path.at("id") == "a b");
  CHECK(found(net::Method::get, "/api/v1/objects/mine").route->summary == "own objects");
  CHECK(found(net::Method::get, "/one/collections").path.at("root") == "one");
  CHECK(found(net::Method::get, "/nothing/here/at/all").route == nullptr);
  const auto other = found(net::Method::delete_, "/api/v1/objects/a");
  CHECK(other.route == nullptr);
  CHECK(other.path_exists);
  CHECK(other.allowed == "GET, POST");
}

TEST_CASE("a token opens only for what it was sealed for") {
  SeededRandom random(1);
  const Sealer sealer(random.bytes(Sealer::key_bytes), random);
  const Sealer other(random.bytes(Sealer::key_bytes), random);
  auto token = sealer.seal("page of X", "place 7");
  CHECK(sealer.open("page of X", token) == "place 7");
  CHECK(!sealer.open("page of Y", token));
  CHECK(!other.open("page of X", token));
  CHECK(!sealer.open("page of X", ""));
  CHECK(!sealer.open("page of X", "AAAA"));
  token[30] = token[30] == 'A' ? 'B' : 'A';
  CHECK(!sealer.open("page of X", token));
  CHECK(sealer.seal("p", "12345678").size() == sealer.seal("p", "abcdefgh").size());
}

TEST_CASE("an error is told as problem details and says what to do") {
  const auto http = problem({ErrorCode::not_found, "no such object"}).into_http();
  CHECK(http.status == 404);
  CHECK(http.headers.get("content-type") == "application/problem+json");
  CHECK(http.bytes() ==
        R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no such object"})");
}
