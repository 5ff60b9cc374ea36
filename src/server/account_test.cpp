#include "server/account.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <unistd.h>

#include "server/test_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::server;
using net::Method;

namespace {

const As local{.local = true};

std::string role_json(const std::vector<Role>& roles) {
  std::string text;
  for (const auto role : roles) text += fmt::format("{}\"{}\"", text.empty() ? "" : ",", name_of(role));
  return "[" + text + "]";
}

bool is_within(const std::vector<api::Right>& narrow, const std::vector<api::Right>& wide) {
  return std::ranges::includes(wide, narrow);
}

struct TestFolder {
  std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("shieldwall-account-{}", ::getpid())).string();
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

/// The world's node as a new one over a store on disk.
void move_to(NodeWorld& world, const std::string& folder) {
  const store::Seams seams{.clock = world.clock, .random = world.random, .fs = system_fs()};
  auto opened = store::open_sqlite(folder, seams);
  REQUIRE(opened);
  NodeOptions options;
  options.secret = world.random.bytes(Node::secret_bytes);
  options.uid = 1000;
  options.password_cost = {.passes = 1, .memory_bytes = 8192};
  Founding founding;
  founding.organisation = {.id = world.home, .name = "Home", .identity = ledger::identity_of(world.home)};
  REQUIRE(found_node(**opened, options.secret, founding, world.clock.now(), world.random));
  world.node =
      *Node::open(std::move(options),
                  std::move(*opened),
                  {.clock = world.clock, .random = world.random, .fs = system_fs(), .net = *world.outgoing});
}

}  // namespace

TEST_CASE("the first account comes from the one-time token, which works once and for a week") {
  NodeWorld world;
  const auto with = [&](std::string_view token) {
    return world.post(
        {},
        "/api/v1/first-run",
        fmt::format(R"({{"token":"{}","account":"root1","password":"correct horse battery"}})", token));
  };
  CHECK(with("AAAA").status == 403);
  CHECK(with(world.token).status == 201);
  CHECK(with(world.token).status == 403);
  const As first{.account = "root1"};
  CHECK(NodeWorld::text(world.get(first, "/api/v1/me"), "rights") ==
        R"(["read","sight","publish","operate","audit"])");

  NodeWorld late;
  late.clock.advance(days(8));
  CHECK(late.post({},
                  "/api/v1/first-run",
                  fmt::format(R"({{"token":"{}","account":"a","password":"correct horse battery"}})",
                              late.token))
            .status == 403);
}

TEST_CASE("an account name has one spelling, and is taken once") {
  NodeWorld world;
  world.account("Alice", R"(["reader"])");
  CHECK(world.get({.account = "aLICE"}, "/api/v1/me").status == 200);
  const auto again = world.post(
      local, "/api/v1/accounts", R"({"name":"ALICE","roles":["reader"],"password":"correct horse battery"})");
  CHECK(again.status == 409);
  for (const auto* name : {"", "a b", "a:b", "ä", "a/b", "\\n"})
    CHECK(world.post(local, "/api/v1/accounts", fmt::format(R"({{"name":"{}","roles":["reader"]}})", name))
              .status == 400);
}

TEST_CASE("an unknown member of the body is refused, and the answer names those there are") {
  NodeWorld world;
  const auto answer =
      world.post(local, "/api/v1/accounts", R"({"name":"a","roles":["reader"],"isAdmin":true})");
  CHECK(answer.status == 400);
  CHECK(NodeWorld::text(answer, "detail").find("'isAdmin' is not known here") != std::string::npos);
  CHECK(world.get(local, "/api/v1/accounts/a").status == 404);
}

TEST_CASE("a given id and a generated password are taken and told") {
  NodeWorld world;
  const auto answer = world.post(
      local,
      "/api/v1/accounts",
      R"({"id":"00000000-0000-4000-8000-000000000001","name":"a","roles":["reader"],"generate_password":true})");
  REQUIRE(answer.status == 201);
  CHECK(NodeWorld::text(answer, "id") == "00000000-0000-4000-8000-000000000001");
  const auto password = NodeWorld::text(answer, "password");
  CHECK(password.size() == 24);
  CHECK(world.get({.account = "a", .password = password}, "/api/v1/me").status == 200);
  CHECK(NodeWorld::text(world.get(local, "/api/v1/accounts/a"), "password") == "(no such member)");
}

TEST_CASE("no role acts on an account with a right that it has not, by any operation") {
  NodeWorld world;
  std::vector<std::vector<Role>> sets;
  for (unsigned bits = 1; bits < 1u << std::size(all_roles); ++bits) {
    std::vector<Role> roles;
    for (const auto role : all_roles)
      if (bits & 1u << static_cast<unsigned>(role)) roles.push_back(role);
    sets.push_back(roles);
  }
  for (std::size_t i = 0; i < sets.size(); ++i) world.account(fmt::format("actor{}", i), role_json(sets[i]));
  int allowed_count = 0;
  const auto stride = static_cast<std::size_t>(tests::test_size("role_pairs_stride"));
  for (std::size_t victim = 0; victim < sets.size(); victim += stride) {
    const auto name = fmt::format("victim{}", victim);
    world.account(name, role_json(sets[victim]));
    for (std::size_t actor = 0; actor < sets.size(); ++actor) {
      const auto rights = rights_of(sets[actor]);
      const bool operates = std::ranges::find(rights, api::Right::operate) != rights.end();
      const bool allowed = operates && is_within(rights_of(sets[victim]), rights);
      const As as{.account = fmt::format("actor{}", actor)};
      CAPTURE(role_json(sets[actor]));
      CAPTURE(role_json(sets[victim]));
      const auto path = "/api/v1/accounts/" + name;
      const auto made =
          world.post(as, "/api/v1/keys", fmt::format(R"({{"account":"{}","label":"l"}})", name));
      CHECK((made.status == 201) == allowed);
      CHECK((world.get(as, "/api/v1/keys?account=" + name).status == 200) == allowed);
      const auto others =
          world.post(local, "/api/v1/keys", fmt::format(R"({{"account":"{}","label":"l"}})", name));
      CHECK((world.ask(as, Method::delete_, "/api/v1/keys/" + NodeWorld::text(others, "prefix")).status ==
             204) == allowed);
      CHECK(
          (world.ask(as, Method::put, path + "/password", R"({"password":"another horse battery"})").status ==
           200) == allowed);
      CHECK((world.ask(as, Method::patch, path, R"({"disabled":true})").status == 200) == allowed);
      CHECK((world.ask(as, Method::patch, path, R"({"disabled":false})").status == 200) == allowed);
      // Nor does it give a role to anybody that it has not itself.
      const auto given =
          fmt::format(R"({{"name":"new-{}-{}","roles":{},"password":"correct horse battery"}})",
                      actor,
                      victim,
                      role_json(sets[victim]));
      CHECK((world.post(as, "/api/v1/accounts", given).status == 201) == allowed);
      allowed_count += allowed ? 1 : 0;
      const auto clean = world.get(local, "/api/v1/keys?account=" + name);
      const auto keys = model::JsonDocument::parse(std::string(clean.bytes()));
      const auto list = keys->root().find("keys");
      for (const auto key : *list)
        world.ask(local, Method::delete_, "/api/v1/keys/" + std::string(key.find("prefix")->string()));
    }
  }
  CHECK(allowed_count > 0);
}

TEST_CASE("an operator cannot make a reader into a publisher, which it is not itself") {
  NodeWorld world;
  const auto op = world.account("op", R"(["operator"])");
  world.account("r", R"(["reader"])");
  CHECK(world.ask(op, Method::patch, "/api/v1/accounts/r", R"({"roles":["publisher"]})").status == 403);
  CHECK(world.ask(op, Method::patch, "/api/v1/accounts/op", R"({"roles":["operator","auditor"]})").status ==
        403);
  CHECK(NodeWorld::text(world.get(local, "/api/v1/accounts/r"), "roles") == R"(["reader"])");
}

TEST_CASE("a key made with a narrower key stays as narrow, and a session is not to be had with it") {
  NodeWorld world;
  const auto all = world.account("all", R"(["publisher","operator","auditor"])");
  const auto narrow = world.post(all, "/api/v1/keys", R"({"label":"feed","rights":["read"]})");
  REQUIRE(narrow.status == 201);
  const As by_key{.key = NodeWorld::text(narrow, "key")};
  CHECK(NodeWorld::text(world.get(by_key, "/api/v1/me"), "rights") == R"(["read"])");
  CHECK(world.post(by_key, "/api/v1/keys", R"({"label":"wider"})").status == 403);
  CHECK(world.post(by_key, "/api/v1/keys", R"({"label":"wider","rights":["publish"]})").status == 403);
  CHECK(world.post(by_key, "/api/v1/keys", R"({"label":"same","rights":["read"]})").status == 201);
  CHECK(world.get(by_key, "/api/v1/accounts").status == 403);
  CHECK(world.ask(by_key, Method::put, "/api/v1/me/password", R"({"password":"another horse battery"})")
            .status == 400);
  CHECK(world
            .ask(by_key,
                 Method::put,
                 "/api/v1/me/password",
                 R"({"old_password":"guess guess","password":"another horse battery"})")
            .status == 403);
}

TEST_CASE(
    "a key ends at once when it expires, is revoked, or its account is disabled, however often it was used") {
  const TestFolder folder;
  NodeWorld world;
  SUBCASE("in memory") {}
  SUBCASE("in SQLite") {
    move_to(world, folder.path);
  }
  const auto a = world.account("a", R"(["reader"])");
  const auto make = [&](std::string_view more = {}) {
    return world.post(a, "/api/v1/keys", fmt::format(R"({{"label":"x"{}}})", more));
  };
  const As plain{.key = NodeWorld::text(make(), "key")};
  const auto revoked = make();
  const As short_lived{
      .key = NodeWorld::text(make(fmt::format(R"(,"expires":"{}")", to_text(world.clock.now() + hours(1)))),
                             "key")};
  for (int again = 0; again < 3; ++again) {
    CHECK(world.get(short_lived, "/api/v1/me").status == 200);
    CHECK(world.get({.key = NodeWorld::text(revoked, "key")}, "/api/v1/me").status == 200);
  }
  CHECK(world.ask(a, Method::delete_, "/api/v1/keys/" + NodeWorld::text(revoked, "prefix")).status == 204);
  CHECK(world.get({.key = NodeWorld::text(revoked, "key")}, "/api/v1/me").status == 401);
  world.clock.advance(hours(1));
  CHECK(world.get(short_lived, "/api/v1/me").status == 401);
  CHECK(world.get(plain, "/api/v1/me").status == 200);
  CHECK(world.ask(local, Method::patch, "/api/v1/accounts/a", R"({"disabled":true})").status == 200);
  CHECK(world.get(plain, "/api/v1/me").status == 401);
}

TEST_CASE("a key works as the password of Basic, for its own account alone") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader"])");
  world.account("b", R"(["reader"])");
  const auto key = NodeWorld::text(world.post(a, "/api/v1/keys", R"({"label":"x"})"), "key");
  CHECK(world.get({.account = "A", .password = key}, "/api/v1/me").status == 200);
  CHECK(world.get({.account = "b", .password = key}, "/api/v1/me").status == 401);
}

TEST_CASE("secrets stand nowhere in rows or in the audit log") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader","operator","auditor"])");
  const auto key = NodeWorld::text(world.post(a, "/api/v1/keys", R"({"label":"x"})"), "key");
  const auto signed_in =
      world.post({}, "/api/v1/session", fmt::format(R"({{"account":"a","password":"{}"}})", test_password));
  const std::string cookie(signed_in.headers.get("Set-Cookie").value_or(""));
  const auto token = cookie.substr(cookie.find('=') + 1, cookie.find(';') - cookie.find('=') - 1);
  REQUIRE(token.size() == 43);
  std::string everything;
  for (const auto table :
       {store::Table::account, store::Table::api_key, store::Table::session, store::Table::token}) {
    const auto rows = world.node->store().records().scan(table, "", "", 1000);
    for (const auto& row : *rows) everything += row.key + row.value;
  }
  const auto entries = world.node->store().audit().read(0, 1000);
  for (const auto& entry : *entries) everything += entry.entry;
  for (const auto& secret : {std::string(test_password), key.substr(13), token, world.token})
    CHECK(everything.find(secret) == std::string::npos);
}
