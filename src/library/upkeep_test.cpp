#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

TEST_CASE("only this machine's own operator copies and checks the store") {
  World world;
  auto caller = world.at_cert();
  const std::string body = R"({"path":"/"})";  // whoever passes the gate is told 409 below
  CHECK(world.post(caller, "/api/v1/store/backup", body).status == 403);
  CHECK(world.post(caller, "/api/v1/store/check", "").status == 403);
  caller.local = true;
  CHECK(world.post(caller, "/api/v1/store/backup", R"({"path":"node.db"})").status == 400);
  CHECK(world.post(caller, "/api/v1/store/backup", R"({"path":"/"})").status == 409);
  const Answer checked(world.post(caller, "/api/v1/store/check", ""));
  CHECK(checked.status == 200);
  CHECK(checked.raw("findings") == "[]");
}
