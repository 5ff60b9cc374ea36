// What the node tells about itself, and to whom.

#include <doctest/doctest.h>

#include "server/stopping_clock.h"
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

TEST_CASE("a request whose time is over is answered with what to do, and nothing of it is done") {
  NodeWorld world;
  net::Request late{.method = net::Method::post,
                    .target = "/api/v1/members",
                    .headers = {{"Content-Type", "application/json"}},
                    .body = R"({"name":"Late","hosted":true})",
                    .peer_uid = 1000,
                    .role = net::ListenerRole::local,
                    .deadline = Deadline::in(Duration{0}, world.clock)};
  const auto answer = world.node->handle(net::Request(late));
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("Retry-After") == "1");
  CHECK(NodeWorld::text(answer, "detail").find("limits.handler_seconds") != std::string::npos);
  CHECK(world.get({.local = true}, "/api/v1/members").bytes().find("Late") == std::string::npos);
  // This machine's operator alone may say how long it may take.
  late.headers.set("Prefer", "wait=600");
  CHECK(world.node->handle(net::Request(late)).status == 201);
  late.role = net::ListenerRole::tools;
  CHECK(world.node->handle(std::move(late)).status != 201);
}

TEST_CASE("once the grace of a node that stops is over, every deadline given before has passed") {
  ManualClock real(Timestamp{});
  StoppingClock clock(real);
  const auto deadline = Deadline::in(hours(24), clock);
  real.advance(hours(1));
  CHECK(!deadline.passed());
  clock.stop_in(seconds(5));
  real.advance(seconds(4));
  CHECK(!deadline.passed());
  CHECK(clock.left() == seconds(1));
  real.advance(seconds(1));
  CHECK(deadline.passed());
  CHECK(clock.left() == Duration{0});
  const auto later = Deadline::in(hours(24), clock);
  real.advance(milliseconds(1));
  CHECK(later.passed());
}
