// What the node tells about itself, and to whom.

#include <doctest/doctest.h>

#include "server/test_world.h"

using namespace shieldwall;
using namespace shieldwall::server;

TEST_CASE("how much the node still has to index is told to its own operators alone") {
  NodeWorld world;
  const auto ours = world.account("operator", R"(["operator"])");
  const auto reader = world.account("reader", R"(["reader"])");
  const auto theirs = world.account("guest", R"(["reader","operator"])", world.hosted("Guest"));
  CHECK(NodeWorld::text(world.get(ours, "/api/v1/node"), "text_lag") == "0");
  CHECK(NodeWorld::text(world.get(reader, "/api/v1/node"), "text_lag") == "(no such member)");
  CHECK(NodeWorld::text(world.get(theirs, "/api/v1/node"), "text_lag") == "(no such member)");
}

TEST_CASE(
    "that somebody read everything stands in the audit log of the node's own organisation, and hinders "
    "nobody") {
  NodeWorld world;
  const auto ours = world.account("auditor", R"(["auditor"])");
  const auto theirs = world.account("guest", R"(["auditor"])", world.hosted("Guest"));
  REQUIRE(world.node->store().objects().changes(policy::Scope::everything("a backup"), 0, 10));
  world.account("later", R"(["reader"])");
  const auto told = world.get(ours, "/api/v1/audit");
  REQUIRE(told.status == 200);
  const std::string text(told.bytes());
  CHECK(text.find(R"("event":"read everything","facts":{"reason":"a backup"})") != std::string::npos);
  CHECK(text.find("later") != std::string::npos);
  const auto guest = world.get(theirs, "/api/v1/audit");
  REQUIRE(guest.status == 200);
  CHECK(guest.bytes().find("a backup") == std::string::npos);
}
