// Every route against every caller that it must turn away, made from the table of routes: a new row is in
// here without anybody adding it.

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "base/text.h"
#include "server/test_world.h"

using namespace shieldwall;
using namespace shieldwall::server;
using api::Right;
using api::Route;
using net::Method;

namespace {

/// Rows that ask nobody who it is. A new one stands here only after somebody thought about it.
constexpr std::pair<Method, std::string_view> open_rows[] = {
    {Method::get, "/"},
    {Method::get, "/healthz"},
    {Method::get, "/readyz"},
    {Method::get, "/metrics"},
    {Method::get, "/openapi.json"},
    {Method::post, "/api/v1/session"},
    {Method::delete_, "/api/v1/session"},
    {Method::post, "/api/v1/first-run"},
    {Method::get, "/feeds/{control}"},    // asks for the control's own token
    {Method::post, "/federation/hello"},  // members' nodes, by the certificate that the roster names
    {Method::post, "/federation/poll"},
    {Method::post, "/federation/push"},
    {Method::get, "/federation/rosters"},
    {Method::post, "/federation/rosters"},
    {Method::post, "/federation/council"},
    {Method::post, "/federation/ask/filter"},  // as the organisation that the certificate names
    {Method::post, "/federation/ask/evaluations"},
    {Method::post, "/federation/ask/requests"},
    {Method::get, "/federation/ask/keys"},
    {Method::post, "/federation/entry"},
    {Method::post, "/federation/reconcile"},
    {Method::post, "/federation/join"},           // by an invitation
    {Method::get, "/federation/log/checkpoint"},  // these again by the certificate
    {Method::get, "/federation/log/tile/{level}/{n0}"},
    {Method::get, "/federation/log/tile/{level}/{n0}/{n1}"},
    {Method::get, "/federation/log/tile/{level}/{n0}/{n1}/{n2}"},
    {Method::get, "/federation/log/tile/{level}/{n0}/{n1}/{n2}/{n3}"},
    {Method::post, "/federation/witness/add-checkpoint"},
    {Method::get, "/federation/witness/{origin}/checkpoint"},
};

/// Rows that change something although they demand no more than `read` or `account`; their handlers ask
/// further.
constexpr std::pair<Method, std::string_view> lightly_guarded_rows[] = {
    {Method::post, "/{root}/collections/{collection}/objects/"},              // the circle says who adds
    {Method::delete_, "/{root}/collections/{collection}/objects/{object}/"},  // and who deletes
    {Method::post, "/api/v1/keys"},                                           // of one's own account
    {Method::delete_, "/api/v1/keys/{prefix}"},
    {Method::put, "/api/v1/me/password"},
    {Method::delete_, "/api/v1/jobs/{id}"},  // one's own
    {Method::post, "/api/v1/ask/filter"},    // what the caller may see; a quota counts these three
    {Method::post, "/api/v1/ask/evaluations"},
    {Method::post, "/api/v1/ask/requests"},
    {Method::post, "/api/v1/members/{organisation}/ask/filter"},  // the same, counted there
    {Method::post, "/api/v1/members/{organisation}/ask/evaluations"},
    {Method::post, "/api/v1/members/{organisation}/ask/requests"},
};

bool stands_in(std::span<const std::pair<Method, std::string_view>> list, const Route& route) {
  return std::ranges::find(list, std::pair{route.method, route.path}) != list.end();
}

bool changes_something(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

std::string cookie_of(const net::Response& response) {
  const std::string field(response.headers.get("Set-Cookie").value_or(""));
  const auto equals = field.find('=');
  return field.substr(equals + 1, field.find(';') - equals - 1);
}

/// A node with one of each thing that a path can name, all of them the home organisation's, and callers of
/// every kind.
struct Matrix {
  NodeWorld world{3, {.tries_per_account = {.tries = 1'000'000}, .tries_per_address = {.tries = 1'000'000}}};
  As all;       // every role, at home
  As stranger;  // every role, in an organisation that shares nothing with home
  std::map<std::string, std::string, std::less<>> there{};  // path parameters that name something
  std::vector<std::string> wrong{};

  Matrix() {
    all = world.account("all", every_role);
    stranger = world.account("stranger", every_role, world.hosted("Elsewhere"));
    world.account("victim", R"(["reader"])");
    const auto made = [&](std::string target, std::string body, std::string_view member) {
      const auto answer = world.post(all, std::move(target), std::move(body));
      if (answer.status / 100 != 2) throw std::runtime_error(std::string(answer.bytes()));
      return NodeWorld::text(answer, member);
    };
    there["root"] = "default";
    there["name"] = "default";
    there["account"] = "victim";
    there["organisation"] = world.hosted("Third");
    there["circle"] = there["collection"] =
        made("/api/v1/circles", R"({"title":"Quiet","alias":"quiet","api_root":"default"})", "id");
    there["prefix"] = made("/api/v1/keys", R"({"label":"l","account":"victim"})", "prefix");
    there["feed"] = made("/api/v1/feeds", R"({"url":"https://f.example/c/","circle":"quiet"})", "id");
    made("/api/v1/objects?circle=quiet", std::string(indicator), "stored");
    there["id"] = there["object"] = "indicator--00000000-0000-4000-8000-000000000001";
  }

  static constexpr std::string_view indicator =
      R"({"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",)"
      R"("pattern":"[domain-name:value = 'h.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z"})";

  /// The route's path with something that is there in each {parameter}, or something that is nowhere.
  std::string path_of(const Route& route, bool existing = true) const {
    return filled_path(route.path, [&](std::string_view name) {
      const auto found = there.find(name);
      const bool root = name == "root" || name == "name";
      return found != there.end() && (existing || root) ? found->second : nowhere(name);
    });
  }
  static std::string nowhere(std::string_view parameter) {
    if (parameter == "account") return "nobody";
    if (parameter == "prefix") return "000000000000";
    if (parameter == "id" || parameter == "object") return "indicator--00000000-0000-4000-8000-0000000000ff";
    return "00000000-0000-4000-8000-0000000000ff";
  }

  net::Request request(const Route& route, bool existing = true) const {
    net::Request request{.method = route.method, .target = path_of(route, existing)};
    // Metrics have a listener of their own; everything else is asked where tools ask.
    if (route.path == "/metrics") request.role = net::ListenerRole::metrics;
    const bool taxii = route.dialect == api::Dialect::taxii;
    if (taxii) request.headers.set("Accept", "application/taxii+json;version=2.1");
    if (changes_something(route.method)) {
      request.body = "{}";
      request.headers.set("Content-Type", taxii ? "application/taxii+json;version=2.1" : "application/json");
    }
    return request;
  }

  void expect(const Route& route, std::string_view who, int status, const net::Response& answer) {
    if (answer.status != status)
      wrong.push_back(fmt::format(
          "{} {} by {}: {}, not {}", net::name_of(route.method), route.path, who, answer.status, status));
  }
  void expect_client_error(const Route& route, std::string_view who, const net::Response& answer) {
    if (answer.status / 100 != 4)
      wrong.push_back(fmt::format(
          "{} {} by {}: {}, not 4xx", net::name_of(route.method), route.path, who, answer.status));
  }

  /// What the audit log holds, without the notes that somebody asked to whom an object went.
  std::size_t audited() {
    std::size_t count = 0;
    for (std::uint64_t from = 0;;) {
      const auto page = world.node->store().audit().read(from, 1'000);
      if (!page || page->empty()) return count;
      for (const auto& entry : *page)
        if (entry.entry.find("object.delivered") == entry.entry.npos) ++count;
      from = page->back().index + 1;
    }
  }

  /// All that a request could have changed, as one digest. That something was read is noted among the
  /// deliveries, and changes nothing.
  std::string state() {
    Sha256 digest;
    auto& store = world.node->store();
    for (int table = 1; table < 32; ++table) {
      if (static_cast<store::Table>(table) == store::Table::delivery) continue;
      const auto rows = store.records().scan(static_cast<store::Table>(table), "", "", 10'000);
      if (!rows) continue;
      for (const auto& row : *rows) {
        // What a reader was shown, so that it can be told later what wider rights open; it expires by itself.
        if (static_cast<store::Table>(table) == store::Table::cursor &&
            (row.key.starts_with("scope/") || row.key.starts_with("rights/")))
          continue;
        digest.add(fmt::format("{} {} {} {};", table, row.key, row.value, row.revision));
      }
    }
    policy::Subject home;
    home.own.organisation = world.home;
    digest.add(
        fmt::format("{} {}", audited(), store.objects().changes(policy::Scope::of(home), 0, 10'000)->last));
    return digest.finish().hex();
  }
};

/// Rows of `routes` that answer whom they must turn away.
std::vector<std::string> who_is_let_in(Matrix& matrix, std::span<const Route> routes) {
  auto& world = matrix.world;
  As expired{
      .cookie = cookie_of(world.post(
          {}, "/api/v1/session", fmt::format(R"({{"account":"all","password":"{}"}})", test_password)))};
  world.clock.advance(hours(13));
  const auto key = world.post(matrix.all, "/api/v1/keys", R"({"label":"x"})");
  const As revoked{.key = NodeWorld::text(key, "key")};
  world.ask(matrix.all, Method::delete_, "/api/v1/keys/" + NodeWorld::text(key, "prefix"));
  const auto disabled = world.account("gone", every_role);
  const As disabled_key{.key =
                            NodeWorld::text(world.post(disabled, "/api/v1/keys", R"({"label":"x"})"), "key")};
  world.ask({.local = true}, Method::patch, "/api/v1/accounts/gone", R"({"disabled":true})");

  const std::pair<std::string_view, As> strangers[] = {
      {"nobody", {}},
      {"a wrong password", {.account = "all", .password = "wrong horse battery"}},
      {"an unknown account", {.account = "nobody"}},
      {"an expired session", expired},
      {"a revoked key", revoked},
      {"a disabled account", disabled},
      {"a disabled account's key", disabled_key},
  };
  constexpr std::string_view malformed[] = {"Basic",
                                            "Basic !!",
                                            "Basic bm9jb2xvbg==",
                                            "Bearer",
                                            "Bearer x",
                                            "Digest a=b",
                                            "\xff",
                                            "Basic YTo=, Basic YTo="};

  for (const auto& route : routes) {
    if (stands_in(open_rows, route)) continue;
    const auto ask = [&](const As& as) {
      auto request = matrix.request(route);
      if (!as.cookie.empty()) request.headers.set("Origin", "https://node.example");
      return world.send(std::move(request), as);
    };
    for (const auto& [who, as] : strangers) {
      const auto answer = ask(as);
      matrix.expect(route, who, 401, answer);
      if (answer.status == 401 && !answer.headers.has("WWW-Authenticate"))
        matrix.wrong.push_back(fmt::format("{}: 401 without a challenge", route.path));
    }
    for (const auto field : malformed) {
      auto request = matrix.request(route);
      request.headers.set("Authorization", field);
      matrix.expect(route, field, 401, world.send(std::move(request), {}));
    }
    auto twice = matrix.request(route);
    twice.headers.add("Authorization", "Basic " + to_base64(fmt::format("all:{}", test_password)));
    twice.headers.add("Authorization", "Basic " + to_base64(fmt::format("all:{}", test_password)));
    matrix.expect(route, "two Authorization fields", 401, world.send(std::move(twice), {}));
    for (const auto role : all_roles) {
      const auto rights = rights_of(role);
      if (route.right == Right::account || std::ranges::find(rights, route.right) != rights.end()) continue;
      matrix.expect(route, name_of(role), 403, ask({.account = std::string(name_of(role))}));
    }
  }
  return matrix.wrong;
}

void add_role_accounts(Matrix& matrix) {
  for (const auto role : all_roles)
    matrix.world.account(std::string(name_of(role)), fmt::format(R"(["{}"])", name_of(role)));
}

/// Rows without a right that nobody decided to leave open, and mutations that a mere reader reaches.
std::vector<std::string> unguarded(std::span<const Route> routes) {
  std::vector<std::string> found;
  for (const auto& route : routes) {
    const auto line = fmt::format("{} {}", net::name_of(route.method), route.path);
    if (route.right == Right::none && !stands_in(open_rows, route)) found.push_back(line + " is open to all");
    const bool light = route.right == Right::read || route.right == Right::account;
    if (light && changes_something(route.method) && !stands_in(lightly_guarded_rows, route))
      found.push_back(line + " changes something for every reader");
  }
  return found;
}

Result<api::Response> leak(api::Call&) {
  return api::Response::nothing();
}

std::string listed(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// The answer without what the caller wrote itself.
std::string without(const net::Response& answer, std::string_view path) {
  std::string text = fmt::format("{} {}", answer.status, answer.bytes());
  for (const auto segment : split(path, '/'))
    for (auto at = text.find(segment); segment.size() > 5 && at != text.npos; at = text.find(segment))
      text.replace(at, segment.size(), "*");
  return text;
}

}  // namespace

TEST_CASE("every route turns away whoever is not signed in, and every role below its right") {
  Matrix matrix;
  add_role_accounts(matrix);
  const auto& routes = matrix.world.node->routes();
  CHECK(routes.size() > 60);
  CHECK(listed(who_is_let_in(matrix, routes)) == "");
  CHECK(listed(unguarded(routes)) == "");
}

TEST_CASE("the matrix notices a route that asks for no right, and one that lets the wrong people in") {
  Matrix matrix;
  add_role_accounts(matrix);
  const Route seeded[] = {
      {.method = Method::get, .path = "/api/v1/leak", .right = Right::none, .handler = leak, .summary = "x"},
      {.method = Method::post,
       .path = "/api/v1/leak",
       .right = Right::read,
       .handler = leak,
       .summary = "x"}};
  CHECK(unguarded(seeded).size() == 2);
  // Rows that claim to be guarded, and stand where the node answers everybody, or every reader.
  const Route claims[] = {
      {.method = Method::get, .path = "/readyz/", .right = Right::read, .handler = leak, .summary = "x"},
      {.method = Method::get,
       .path = "/api/v1/node",
       .right = Right::audit,
       .handler = leak,
       .summary = "x"}};
  const auto wrong = listed(who_is_let_in(matrix, claims));
  CHECK(wrong.find("/readyz/ by nobody: 200, not 401") != std::string::npos);
  CHECK(wrong.find("/api/v1/node by reader: 200, not 403") != std::string::npos);
}

TEST_CASE("to another organisation's account what is hidden is absent, on every route that names something") {
  Matrix matrix;
  const std::set<std::string_view> known_to_all = {"/{root}/", "/{root}/collections/"};
  // Where what was never there and what is hidden are both answered: nothing left.
  const std::set<std::string_view> answers_of_nothing = {"/api/v1/delivered/{id}"};
  for (const auto& route : matrix.world.node->routes()) {
    if (route.path.find('{') == route.path.npos || known_to_all.contains(route.path)) continue;
    const auto here = matrix.path_of(route, true);
    const auto nowhere = matrix.path_of(route, false);
    if (here == nowhere) continue;
    CAPTURE(net::name_of(route.method));
    CAPTURE(route.path);
    const auto hidden = matrix.world.send(matrix.request(route, true), matrix.stranger);
    const auto absent = matrix.world.send(matrix.request(route, false), matrix.stranger);
    CHECK(hidden.status / 100 == (answers_of_nothing.contains(route.path) ? 2 : 4));
    CHECK(without(hidden, here) == without(absent, nowhere));
  }
}

TEST_CASE("a body of another media type is refused by every route that takes one") {
  Matrix matrix;
  for (const auto& route : matrix.world.node->routes()) {
    const bool takes_body =
        route.body != nullptr || (route.dialect == api::Dialect::taxii && route.method == Method::post);
    CAPTURE(net::name_of(route.method));
    CAPTURE(route.path);
    for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
      if (!takes_body || route.opener != nullptr) continue;  // an import takes files of any kind
      auto request = matrix.request(route);
      request.headers.set("Content-Type", type);
      CHECK(matrix.world.send(std::move(request), matrix.all).status == 415);
    }
    if (route.dialect != api::Dialect::taxii) continue;
    auto request = matrix.request(route);
    request.headers.set("Accept", "text/html");
    CHECK(matrix.world.send(std::move(request), matrix.all).status == 406);
  }
}

TEST_CASE("nothing is changed by GET or HEAD, whatever it is dressed as") {
  Matrix matrix;
  const auto before = matrix.state();
  for (const auto& route : matrix.world.node->routes()) {
    for (const auto method : {Method::get, Method::head}) {
      for (const auto* disguise : {"", "X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"}) {
        auto request = matrix.request(route);
        request.method = method;
        if (*disguise != 0) request.headers.set(disguise, net::name_of(route.method));
        CAPTURE(route.path);
        const auto answer = matrix.world.send(std::move(request), matrix.all);
        CHECK_MESSAGE(answer.status < 500, std::string(answer.bytes()));
      }
    }
    CAPTURE(route.path);
    CHECK(matrix.state() == before);
  }
}

TEST_CASE("no page of another site changes anything with somebody's session") {
  Matrix matrix;
  const As session{
      .cookie = cookie_of(matrix.world.post(
          {}, "/api/v1/session", fmt::format(R"({{"account":"all","password":"{}"}})", test_password)))};
  const auto before = matrix.state();
  for (const auto& route : matrix.world.node->routes()) {
    if (!changes_something(route.method)) continue;
    if (route.path.starts_with("/federation/")) continue;  // asks for a node's certificate, which no page has
    for (const auto* origin :
         {"", "null", "https://evil.example", "http://node.example:1", "https://node.example.evil"}) {
      auto request = matrix.request(route);
      if (*origin != 0) request.headers.set("Origin", origin);
      CAPTURE(route.path);
      CAPTURE(origin);
      CHECK(matrix.world.send(std::move(request), session).status == 403);
    }
  }
  CHECK(matrix.state() == before);
}
