#include "exchange/taxii/taxii_world.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;
using wire::gzip;

namespace {

constexpr auto objects_of_intel = "/api1/collections/intel/objects/";

struct Inbox : World {
  ledger::Circle circle = add_circle("intel", {cert, company});
  api::Caller ann = caller_of(cert, "ann");
  api::Caller bob = caller_of(company, "bob");

  net::Response post(const api::Caller& who, Bytes body, net::Headers headers = {}) {
    return ask(who, net::Method::post, objects_of_intel, std::move(body), std::move(headers));
  }
  net::Response remove(const api::Caller& who, std::string rest) {
    return ask(who, net::Method::delete_, objects_of_intel + std::move(rest));
  }
  std::vector<std::string> versions(int number) {
    return Answer(get(ann,
                      fmt::format(
                          "{}indicator--00000000-0000-4000-8000-{:012}/versions/", objects_of_intel, number)))
        .ids("versions");
  }
};

std::string id_of(int number) {
  return fmt::format("indicator--00000000-0000-4000-8000-{:012}", number);
}

}  // namespace

STORE_TEST_CASE("added objects are told in a status and found at once") {
  Inbox world;
  const auto response = world.post(world.ann, envelope({indicator(1), indicator(2)}));
  CHECK(response.status == 202);
  CHECK(response.headers.get("Content-Type") == "application/taxii+json;version=2.1");
  const Answer status(response);
  CHECK(status.text("status") == "complete");
  CHECK(status.number("total_count") == "2");
  CHECK(status.number("success_count") == "2");
  CHECK(status.number("failure_count") == "0");
  CHECK(status.number("pending_count") == "0");
  CHECK(status.ids("successes") == std::vector<std::string>{id_of(1), id_of(2)});
  CHECK((*status.root().find("successes")->begin()).find("version")->string() == "2020-01-01T00:00:00.000Z");
  CHECK(!status.has("failures"));
  CHECK(Answer(world.get(world.bob, objects_of_intel)).ids() == std::vector<std::string>{id_of(1), id_of(2)});
}

STORE_TEST_CASE("adding is audited, and so is nothing that was held already") {
  Inbox world;
  for (int i = 0; i < 2; ++i) world.post(world.ann, envelope({indicator(1), "{}", indicator(2)}));
  const auto log = *world.store->audit().read(0, 10);
  REQUIRE(log.size() == 1);
  CHECK(log[0].entry.find(R"("event":"object.put")") != std::string::npos);
  CHECK(log[0].entry.find(R"("stored":"2")") != std::string::npos);
  CHECK(log[0].entry.find(id_of(1)) != std::string::npos);
}

TEST_CASE("objects, their status and the audit entry are one durable step") {
  Inbox world;
  world.get(world.ann, objects_of_intel);  // whatever reading keeps is kept
  std::vector<std::string> steps;
  world.fault = [&](std::string_view step) -> Done {
    steps.emplace_back(step);
    return {};
  };
  const auto id = Answer(world.post(world.ann, envelope({indicator(1)}))).text("id");
  CHECK(steps == std::vector<std::string>{"put"});
  CHECK(world.get(world.ann, "/api1/status/" + id + "/").status == 200);
  world.fault = [](std::string_view) -> Done { return fail(ErrorCode::exhausted, "the disk is full"); };
  CHECK(world.post(world.ann, envelope({indicator(2)})).status != 202);
  world.fault = {};
  CHECK(world.store->audit().read(0, 10)->size() == 1);
}

STORE_TEST_CASE("a bad object fails alone, with the rule it broke") {
  Inbox world;
  const Answer status(world.post(
      world.ann,
      envelope(
          {indicator(1), R"({"type":"indicator","id":"indicator--1"})", R"("a string")", indicator(2)})));
  CHECK(status.number("success_count") == "2");
  CHECK(status.number("failure_count") == "2");
  CHECK(status.number("total_count") == "4");
  const auto failure = *status.root().find("failures")->begin();
  CHECK(failure.find("id")->string() == "indicator--1");
  CHECK(failure.find("version"));
  CHECK(failure.find("message")->string().find("STIX 2.1") != std::string_view::npos);
  CHECK(Answer(world.get(world.ann, objects_of_intel)).ids().size() == 2);
}

STORE_TEST_CASE(
    "a duplicate is a success and keeps the date it was added; other content of a version is not taken") {
  Inbox world;
  world.post(world.ann, envelope({indicator(1)}));
  const auto manifest = world.get(world.ann, "/api1/collections/intel/manifest/");
  world.clock.advance(hours(1));
  CHECK(Answer(world.post(world.ann, envelope({indicator(1)}))).number("success_count") == "1");
  CHECK(world.get(world.ann, "/api1/collections/intel/manifest/").bytes() == manifest.bytes());
  const Answer conflict(world.post(world.ann, envelope({indicator(1, 0, R"(,"confidence":5)")})));
  CHECK(conflict.number("failure_count") == "1");
  CHECK(world.get(world.ann, objects_of_intel).bytes().find("confidence") == std::string_view::npos);
}

STORE_TEST_CASE("what a member knows from another goes no further by its hand than that one let it") {
  Inbox world;
  world.add_circle("further", {world.company, world.stranger});
  const auto eve = world.caller_of(world.stranger, "eve");
  const auto bob = world.caller_of(world.company, "bob");
  const auto further = "/api1/collections/further/objects/";
  world.post(world.ann, envelope({indicator(1)}));
  const Answer status(world.ask(bob, net::Method::post, further, envelope({indicator(1), indicator(2)})));
  CHECK(status.number("success_count") == "2");
  CHECK(Answer(world.get(eve, further)).ids() == std::vector<std::string>{id_of(2)});
  CHECK(Answer(world.get(bob, further)).ids() == std::vector<std::string>{id_of(1), id_of(2)});
  CHECK(world.ask(bob, net::Method::delete_, further + id_of(1) + "/").status == 200);
  CHECK(Answer(world.get(bob, further)).ids() == std::vector<std::string>{id_of(2)});
  CHECK(Answer(world.get(world.ann, objects_of_intel)).ids() == std::vector<std::string>{id_of(1)});
}

STORE_TEST_CASE("what is no envelope is refused whole, each fault with its own status") {
  Inbox world;
  CHECK(world.post(world.ann, "{").status == 400);
  CHECK(world.post(world.ann, "").status == 400);
  CHECK(world.post(world.ann, "\xff").status == 400);
  CHECK(world.post(world.ann, R"({"objects":[{"type":"x","type":"x"}]})").status == 400);  // duplicate key
  CHECK(world.post(world.ann, "{}").status == 422);
  CHECK(world.post(world.ann, "[]").status == 422);
  CHECK(world.post(world.ann, R"({"objects":[]})").status == 422);
  CHECK(world.post(world.ann, R"({"objects":{}})").status == 422);
  CHECK(world.post(world.ann, indicator(1)).status == 422);
  CHECK(Answer(world.post(world.ann, indicator(1))).text("http_status") == "422");
  CHECK(world.get(world.ann, objects_of_intel).bytes() == "{}");
}

STORE_TEST_CASE("only TAXII 2.1 is taken, and says so") {
  Inbox world;
  const auto body = envelope({indicator(1)});
  CHECK(world.post(world.ann, body, {{"Content-Type", "application/json"}}).status == 415);
  CHECK(world.post(world.ann, body, {{"Content-Type", "application/stix+json;version=2.1"}}).status == 415);
  CHECK(world.post(world.ann, body, {{"Content-Type", "application/taxii+json;version=2.0"}}).status == 415);
  CHECK(world.post(world.ann, body, {{"Content-Encoding", "br"}}).status == 415);
  CHECK(world.post(world.ann, body, {{"Content-Type", "application/taxii+json"}}).status == 202);
}

STORE_TEST_CASE("bodies may be gzip, and a bomb is 413 like any other large body") {
  Inbox world;
  world.add_root({.name = "small", .title = "Small", .max_content_length = 2'000});
  auto circle = world.circle_of("little", {world.cert});
  circle.api_root = "small";
  world.put(circle);
  const net::Headers gzipped{{"Content-Encoding", "gzip"}};
  CHECK(world.post(world.ann, gzip(envelope({indicator(1)})), gzipped).status == 202);
  auto cut = gzip(envelope({indicator(2)}));
  cut.resize(cut.size() / 2);
  CHECK(world.post(world.ann, cut, gzipped).status == 400);
  const auto into = [&](Bytes body, net::Headers headers) {
    return world
        .ask(world.ann,
             net::Method::post,
             "/small/collections/little/objects/",
             std::move(body),
             std::move(headers))
        .status;
  };
  CHECK(into(gzip(std::string(10 << 20, ' ')), gzipped) == 413);
  CHECK(into(std::string(2'001, ' '), {}) == 413);
  CHECK(into(envelope({indicator(1)}), {}) == 202);
}

STORE_TEST_CASE("what is added carries the circle's label, narrowed by its own markings") {
  Inbox world;
  const std::string red =
      R"(,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"])";
  world.post(world.ann, envelope({indicator(1), indicator(2, 0, red)}));
  CHECK(Answer(world.get(world.ann, objects_of_intel)).ids().size() == 2);
  CHECK(Answer(world.get(world.bob, objects_of_intel)).ids() == std::vector<std::string>{id_of(1)});
  CHECK(world.get(world.bob, objects_of_intel + id_of(2) + "/").status == 404);
  CHECK(world.get(world.bob, objects_of_intel + id_of(2) + "/versions/").status == 404);
}

STORE_TEST_CASE(
    "its own account reads the bytes that it sent; others get them with the marking that binds them") {
  Inbox world;
  world.post(world.ann, envelope({indicator(1)}));
  CHECK(world.get(world.ann, objects_of_intel).bytes() ==
        fmt::format(R"({{"more":false,"objects":[{}]}})", indicator(1)));
  const auto told = world.get(world.bob, objects_of_intel);
  CHECK(told.bytes().find("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003") !=
        std::string_view::npos);
}

STORE_TEST_CASE("who joins later does not see what was shared before") {
  Inbox world;
  world.post(world.ann, envelope({indicator(1)}));
  auto row = *ledger::read_circle(world.store->records(), world.circle.id);
  auto circle = row.value;
  ledger::enter(circle, world.stranger);
  world.put(circle, &row);
  world.post(world.caller_of(world.cert, "ann"), envelope({indicator(2)}));
  const auto eve = world.caller_of(world.stranger, "eve");
  CHECK(Answer(world.get(eve, objects_of_intel)).ids() == std::vector<std::string>{id_of(2)});
}

STORE_TEST_CASE("deleting takes all versions, or those that match, and needs both rights") {
  Inbox world;
  for (int version = 1; version <= 5; ++version) world.post(world.ann, envelope({indicator(1, version)}));
  CHECK(world.versions(1).size() == 5);
  const auto removed = world.remove(world.ann, id_of(1) + "/?match[version]=2020-01-01T00:03:00.000Z");
  CHECK(removed.status == 200);
  CHECK(removed.headers.get("Content-Type") == "application/taxii+json;version=2.1");
  CHECK(world.versions(1).size() == 4);
  CHECK(world.remove(world.ann, id_of(1) + "/?match[version]=first").status == 200);
  CHECK(world.versions(1).front() == "2020-01-01T00:02:00.000Z");
  CHECK(world.remove(world.ann, id_of(1) + "/?match[version]=first,last").status == 200);
  CHECK(world.versions(1) == std::vector<std::string>{"2020-01-01T00:04:00.000Z"});
  CHECK(world.remove(world.ann, id_of(1) + "/?match[version]=2019-01-01T00:00:00Z").status == 200);
  CHECK(world.versions(1).size() == 1);
  CHECK(world.remove(world.ann, id_of(1) + "/").status == 200);
  CHECK(world.get(world.ann, objects_of_intel + id_of(1) + "/").status == 404);
  CHECK(world.remove(world.ann, id_of(1) + "/").status == 404);

  world.post(world.ann, envelope({indicator(2)}));
  auto row = *ledger::read_circle(world.store->records(), world.circle.id);
  auto circle = row.value;
  circle.grants = {{.account = world.ann.account, .can_write = false}};
  world.put(circle, &row);
  CHECK(world.remove(world.ann, id_of(2) + "/").status == 403);
}

STORE_TEST_CASE("a member deletes what it added itself; the circle's owner what anybody added") {
  Inbox world;
  world.post(world.ann, envelope({indicator(1)}));
  world.post(world.bob, envelope({indicator(2)}));
  world.post(world.bob, envelope({indicator(3)}));
  CHECK(world.remove(world.bob, id_of(1) + "/").status == 403);
  CHECK(world.remove(world.bob, id_of(2) + "/").status == 200);
  CHECK(world.remove(world.ann, id_of(3) + "/").status == 200);
  CHECK(Answer(world.get(world.ann, objects_of_intel)).ids() == std::vector<std::string>{id_of(1)});
}

STORE_TEST_CASE("an object that leaves under a definition of ours finds it before itself in the collection") {
  Inbox world;
  auto row = *ledger::read_circle(world.store->records(), world.circle.id);
  auto circle = row.value;
  circle.label.pap = policy::Pap::red;
  world.put(circle, &row);
  const auto response = world.post(world.ann, envelope({indicator(1), indicator(2)}));
  CHECK(Answer(response).number("total_count") == "2");
  const Answer page(world.get(world.bob, objects_of_intel));
  const auto ids = page.ids();
  REQUIRE(ids.size() == 3);
  CHECK(ids[0].starts_with("marking-definition--"));
  CHECK(ids[1] == id_of(1));
  const auto objects = page.root().find("objects");
  bool named = false;
  for (const auto object : *objects)
    if (const auto refs = object.find("object_marking_refs"); refs && object.find("id")->string() == id_of(1))
      for (const auto ref : *refs) named |= ref.string() == ids[0];
  CHECK(named);
  CHECK(world.get(world.bob, objects_of_intel + ids[0] + "/").status == 200);
  world.post(world.ann, envelope({indicator(3)}));  // the definition is held: it comes once
  CHECK(Answer(world.get(world.bob, objects_of_intel)).ids().size() == 4);
}
