#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

TEST_CASE("an object put without a circle is seen by its own organisation alone") {
  World world;
  const Answer put(world.post(world.at_cert(), "/api/v1/objects", indicator(1)));
  CHECK(put.status == 200);
  CHECK(put.statuses() == Texts{"stored"});
  CHECK(put.texts("objects", "version") == Texts{"2020-01-01T00:00:00.000Z"});
  const Answer got(world.get(world.at_cert(), "/api/v1/objects/" + indicator_id(1)));
  CHECK(got.status == 200);
  CHECK(got.root().find("object")->raw() == indicator(1));
  CHECK(got.root().find("label")->find("tlp")->string() == "TLP:AMBER+STRICT");
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 404);
}

TEST_CASE("an object released into a circle is seen by its members under the label that was asked for") {
  World world;
  CHECK(Answer(world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1))).statuses() ==
        Texts{"stored"});
  const Answer got(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)));
  REQUIRE(got.status == 200);
  const auto label = *got.root().find("label");
  CHECK(label.find("tlp")->string() == "TLP:GREEN");
  CHECK(got.root().find("circle")->find("name")->string() == "Circle c");
  CHECK(got.root().find("source")->find("name")->string() == "cert");
  CHECK(world.get(world.at_stranger(), "/api/v1/objects/" + indicator_id(1)).status == 404);
}

TEST_CASE("an object's own markings narrow what the request asks for, never widen it") {
  World world;
  const auto red = indicator(
      1, 0, R"(,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"])");
  const auto clear = indicator(
      2, 0, R"(,"object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"])");
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", bundle({red, clear}));
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 404);
  const Answer got(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(2)));
  CHECK(got.root().find("label")->find("tlp")->string() == "TLP:GREEN");
}

TEST_CASE("one bad object among a thousand is refused with its findings, the others are stored") {
  World world;
  Texts objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(indicator(i));
  objects[500] = R"({"type":"indicator","spec_version":"2.1","id":"indicator--nonsense"})";
  const Answer put(world.post(world.at_cert(), "/api/v1/objects", bundle(objects)));
  CHECK(put.status == 200);
  CHECK(put.raw("stored") == "999");
  CHECK(put.raw("refused") == "1");
  const auto outcomes = *put.root().find("objects");
  std::size_t index = 0;
  for (const auto outcome : outcomes) {
    if (index++ != 500) continue;
    CHECK(outcome.find("status")->string() == "refused");
    CHECK(outcome.find("findings")->size() > 0);
  }
}

TEST_CASE("the same again is a duplicate, the same version with other content a conflict") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects", indicator(1));
  CHECK(Answer(world.post(world.at_cert(), "/api/v1/objects", indicator(1))).statuses() ==
        Texts{"duplicate"});
  const Answer other(world.post(world.at_cert(), "/api/v1/objects", indicator(1, 0, R"(,"confidence":5)")));
  CHECK(other.statuses() == Texts{"conflict"});
  CHECK(other.status == 409);
  // Another organisation's word is its own: it neither conflicts nor learns that somebody has it.
  CHECK(Answer(world.post(world.at_stranger(), "/api/v1/objects", indicator(1, 0, R"(,"confidence":6)")))
            .statuses() == Texts{"stored"});
}

TEST_CASE("a body that is no STIX stores nothing and says where it broke") {
  World world;
  const auto whole = bundle({indicator(1), indicator(2)});
  const auto cut = world.post(world.at_cert(), "/api/v1/objects", whole.substr(0, whole.size() - 30));
  CHECK(cut.status == 400);
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/objects")).ids().empty());
  CHECK(world.post(world.at_cert(), "/api/v1/objects", "").status == 400);
  CHECK(world.post(world.at_cert(), "/api/v1/objects", "\xFF\xFE{").status == 400);
  const Answer refused(world.post(world.at_cert(), "/api/v1/objects", R"({"type":"indicator"})"));
  CHECK(refused.status == 422);
  CHECK(refused.statuses() == Texts{"refused"});
}

TEST_CASE("who may not add to a circle, or is not inside, puts nothing into it") {
  World world;
  CHECK(world.post(world.at_stranger(), "/api/v1/objects?circle=c", indicator(1)).status == 404);
  auto reader = world.caller(world.company, "reader", {api::Right::read, api::Right::publish});
  world.change_circle(world.circle_id, [&](ledger::Circle& circle) {
    circle.grants = {{.account = reader.account, .can_read = true, .can_write = false}};
  });
  CHECK(world.post(reader, "/api/v1/objects?circle=c", indicator(1)).status == 403);
  world.change_circle(world.circle_id, [](ledger::Circle& circle) { circle.second_person = true; });
  CHECK(world.post(world.at_cert(), "/api/v1/objects?circle=c", indicator(1)).status == 403);
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/objects")).ids().empty());
}

TEST_CASE("a label request that makes no sense is refused, naming the parameter") {
  World world;
  for (const std::string query : {"tlp=purple",
                                  "pap=x",
                                  "embargo=soon",
                                  "persons=alice",
                                  "must_not=sing",
                                  "tlp=red&tlp=green",
                                  "embargo=2030-01-01T00:00:00Z&end=2029-01-01T00:00:00Z",
                                  "originator_control=maybe",
                                  "compartments=x",
                                  "colour=blue"}) {
    const auto answer = world.post(world.at_cert(), "/api/v1/objects?" + query, indicator(1));
    CAPTURE(query);
    CHECK(answer.status == 400);
    CHECK(answer.bytes().find(query.substr(0, query.find('='))) != std::string_view::npos);
  }
}

TEST_CASE("an embargo opens at its instant") {
  World world;
  const auto opens = to_text(world.clock.now() + hours(1));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green&embargo=" + opens, indicator(1));
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 404);
  CHECK(world.get(world.at_cert(), "/api/v1/objects/" + indicator_id(1)).status == 200);
  world.clock.advance(hours(2));
  REQUIRE(world.store->objects().advance(world.clock.now()));
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 200);
}

TEST_CASE("a version is asked for by its time, and versions are listed oldest first") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects", bundle({indicator(1, 1), indicator(1, 2), indicator(1, 3)}));
  const auto path = "/api/v1/objects/" + indicator_id(1);
  CHECK(Answer(world.get(world.at_cert(), path)).text("version") == "2020-01-01T00:03:00.000Z");
  CHECK(Answer(world.get(world.at_cert(), path + "?version=first")).text("version") ==
        "2020-01-01T00:01:00.000Z");
  CHECK(Answer(world.get(world.at_cert(), path + "?version=2020-01-01T00:02:00Z")).text("version") ==
        "2020-01-01T00:02:00.000Z");
  CHECK(world.get(world.at_cert(), path + "?version=2020-01-01T00:09:00Z").status == 404);
  CHECK(Answer(world.get(world.at_cert(), path + "/versions")).texts("versions", "version") ==
        Texts{"2020-01-01T00:01:00.000Z", "2020-01-01T00:02:00.000Z", "2020-01-01T00:03:00.000Z"});
  CHECK(world.get(world.at_company(), path + "/versions").status == 404);
}

TEST_CASE("only the owner deletes, and what is hidden cannot be deleted because it is not there") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  const auto path = "/api/v1/objects/" + indicator_id(1);
  CHECK(world.ask(world.at_stranger(), net::Method::delete_, path).status == 404);
  CHECK(world.ask(world.at_company(), net::Method::delete_, path).status == 403);
  CHECK(world.get(world.at_company(), path).status == 200);
  CHECK(world.ask(world.at_cert(), net::Method::delete_, path).status == 204);
  CHECK(world.get(world.at_company(), path).status == 404);
  CHECK(world.ask(world.at_cert(), net::Method::delete_, path).status == 404);
}

TEST_CASE("relationships are told in both directions, with the other ends that the reader holds") {
  World world;
  world.post(world.at_cert(),
             "/api/v1/objects?circle=c&tlp=green",
             bundle({indicator(1), malware(1), relationship(1, indicator_id(1), malware_id(1))}));
  const Answer out(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1) + "/relationships"));
  CHECK(out.texts("links", "kind") == Texts{"indicates"});
  CHECK(out.texts("links", "direction") == Texts{"out"});
  CHECK(out.texts("links", "other") == Texts{malware_id(1)});
  CHECK(out.texts("links", "held") == Texts{"true"});
  CHECK(out.ids().size() == 2);
  const Answer in(world.get(world.at_company(), "/api/v1/objects/" + malware_id(1) + "/relationships"));
  CHECK(in.texts("links", "direction") == Texts{"in"});
  CHECK(in.texts("links", "other") == Texts{indicator_id(1)});
}

TEST_CASE("a relationship to a hidden object does not name it") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects", malware(1));  // stays at home
  world.post(world.at_cert(),
             "/api/v1/objects?circle=c&tlp=green",
             bundle({indicator(1), relationship(1, indicator_id(1), malware_id(1))}));
  const auto theirs = world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1) + "/relationships");
  CHECK(theirs.status == 200);
  CHECK(theirs.bytes().find(malware_id(1)) == std::string_view::npos);
  const auto ours = world.get(world.at_cert(), "/api/v1/objects/" + indicator_id(1) + "/relationships");
  CHECK(ours.bytes().find(malware_id(1)) != std::string_view::npos);
}

TEST_CASE("a bundle's own marking definition decides, wherever in the bundle it stands") {
  World world;
  const auto id = std::string("marking-definition--11111111-1111-4111-8111-111111111111");
  const auto definition =
      R"({"type":"marking-definition","spec_version":"2.1","id":")" + id +
      R"(","created":"2020-01-01T00:00:00.000Z","definition_type":"statement","definition":{"statement":"(c) us"}})";
  const auto marked = indicator(1, 0, R"(,"object_marking_refs":[")" + id + R"("])");
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", bundle({marked, definition}));
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 200);
  // Without the definition nobody knows what the marking says: the owner alone.
  World other;
  other.post(other.at_cert(), "/api/v1/objects?circle=c&tlp=green", bundle({marked}));
  CHECK(other.get(other.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 404);
}
