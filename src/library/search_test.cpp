#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

Texts found(World& world, const std::string& query) {
  return Answer(world.get(world.at_company(), "/api/v1/objects?" + query)).ids();
}

void fill(World& world) {
  const auto creator = std::string("identity--22222222-2222-4222-8222-222222222222");
  world.post(
      world.at_cert(),
      "/api/v1/objects?circle=c&tlp=green",
      bundle({indicator(1),
              indicator(2, 0, R"(,"labels":["phishing"],"created_by_ref":")" + creator + R"(")"),
              indicator(
                  3, 0, R"(,"external_references":[{"source_name":"mitre-attack","external_id":"T1059"}])"),
              malware(4),
              relationship(5, indicator_id(1), malware_id(4))}));
}

}  // namespace

TEST_CASE("search finds by each of its filters") {
  World world;
  fill(world);
  CHECK(found(world, "id=" + indicator_id(1)) == Texts{indicator_id(1)});
  CHECK(found(world, "type=malware") == Texts{malware_id(4)});
  CHECK(found(world, "type=malware,relationship").size() == 2);
  CHECK(found(world, "label=phishing") == Texts{indicator_id(2)});
  CHECK(found(world, "created_by=identity--22222222-2222-4222-8222-222222222222") == Texts{indicator_id(2)});
  CHECK(found(world, "external_reference=mitre-attack:T1059") == Texts{indicator_id(3)});
  CHECK(found(world, "external_reference=T1059") == Texts{indicator_id(3)});
  CHECK(found(world, "external_reference=other:T1059").empty());
  CHECK(found(world, "value=H1[.]EXAMPLE.") == Texts{indicator_id(1)});
  CHECK(found(world, "value=domain:h1.example") == Texts{indicator_id(1)});
  CHECK(found(world, "value=ipv4:192.0.2.1").empty());
  CHECK(found(world, "words=family") == Texts{malware_id(4)});
  CHECK(found(world, "refers_to=" + malware_id(4)).size() == 1);
  CHECK(found(world, "circle=c").size() == 5);
  CHECK(found(world, "source=own").empty());
  CHECK(found(world, "source=" + world.cert.text()).size() == 5);
  CHECK(found(world, "type=indicator&words=name2") == Texts{indicator_id(2)});
}

TEST_CASE("search answers newest first, or oldest first when asked") {
  World world;
  fill(world);
  const auto newest = found(world, "");
  auto oldest = found(world, "order=oldest");
  CHECK(newest.size() == 5);
  CHECK(oldest.front() == indicator_id(1));
  std::ranges::reverse(oldest);
  CHECK(newest == oldest);
}

TEST_CASE("pages give every object once, also while objects are being added") {
  World world;
  for (int i = 0; i < 25; ++i)
    world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(i));
  Texts all;
  std::string cursor;
  for (int page = 0;; ++page) {
    REQUIRE(page < 20);
    const Answer answer(world.get(world.at_company(), "/api/v1/objects?limit=4&order=oldest" + cursor));
    for (auto& id : answer.ids()) all.push_back(id);
    if (page == 1) world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(99));
    if (answer.raw("more") == "false") break;
    cursor = "&cursor=" + answer.text("next");
  }
  REQUIRE(all.size() == 26);
  for (int i = 0; i < 25; ++i) CHECK(all[static_cast<std::size_t>(i)] == indicator_id(i));
  CHECK(all.back() == indicator_id(99));
}

TEST_CASE("a cursor serves its own account and its own filters alone") {
  World world;
  fill(world);
  const auto token =
      Answer(world.get(world.at_company(), "/api/v1/objects?limit=1&type=indicator")).text("next");
  REQUIRE(!token.empty());
  CHECK(world.get(world.at_company(), "/api/v1/objects?limit=2&type=indicator&cursor=" + token).status ==
        200);
  CHECK(world.get(world.at_company(), "/api/v1/objects?limit=1&cursor=" + token).status == 400);
  CHECK(world.get(world.at_cert(), "/api/v1/objects?limit=1&type=indicator&cursor=" + token).status == 400);
  CHECK(world.get(world.at_company(), "/api/v1/objects?type=indicator&cursor=AAAA").status == 400);
}

TEST_CASE("a parameter that is unknown or unreadable is an error, not ignored") {
  World world;
  for (const std::string query : {"colour=blue",
                                  "limit=0",
                                  "limit=1001",
                                  "limit=x",
                                  "id=x",
                                  "added_after=yesterday",
                                  "version=newest",
                                  "order=up",
                                  "source=me",
                                  "value=%20",
                                  "words=",
                                  "label="}) {
    CAPTURE(query);
    CHECK(world.get(world.at_company(), "/api/v1/objects?" + query).status == 400);
  }
  CHECK(world.get(world.at_company(), "/api/v1/objects?circle=none").status == 404);
  CHECK(world.get(world.at_stranger(), "/api/v1/objects?circle=c").status == 404);
}

TEST_CASE("added_after is exclusive and goes by the time that answers show") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.clock.advance(seconds(5));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(2));
  const auto added =
      Answer(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1))).text("added");
  CHECK(found(world, "added_after=" + added) == Texts{indicator_id(2)});
}
