#include "library/value_routes.h"

#include "ledger/milestone.h"
#include "library/feed/feed_routes.h"
#include "library/library_world.h"
#include "library/sighting.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

std::vector<api::Route> both_routes() {
  std::vector<api::Route> all(routes().begin(), routes().end());
  all.insert(all.end(), value_routes().begin(), value_routes().end());
  for (const auto some : {feed_routes(), control_value_routes()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// A CERT and two companies in one circle.
struct ValueWorld : tests::NodeWorld {
  ValueWorld() : NodeWorld(both_routes()) {}

  OrganisationId cert = organisation("cert");
  OrganisationId company = organisation("company");
  OrganisationId port = organisation("port");
  CircleId circle_id = circle(
      "c", {cert, company, port}, [](ledger::Circle& circle) { circle.label.unmarked = policy::Tlp::amber; });

  void give(const OrganisationId& who, int number, int version = 0, std::string_view extra = {}) {
    clock.advance(seconds(1));
    REQUIRE(post(caller(who), "/api/v1/objects?circle=c", indicator(number, version, extra)).status == 200);
  }

  /// The member saw it now, and lets that return.
  void see(const OrganisationId& who, int number) {
    choose(*this, circle_id, who, ledger::SightingChoice::detail);
    const Seen seen[] = {{.indicator = *model::ObjectId::parse(indicator_id(number)), .at = clock.now()}};
    REQUIRE(record_seen(*store, who, seen, "", clock.now()));
    REQUIRE(post(caller(who), "/api/v1/sightings/send", {}).status == 200);
  }

  Answer correct(const OrganisationId& who, int number, std::string_view because) {
    clock.advance(seconds(1));
    return Answer(post(caller(who),
                       "/api/v1/value/corrections",
                       fmt::format(R"({{"indicator":"{}","because":"{}"}})", indicator_id(number), because)));
  }
  Answer confidence(const OrganisationId& who, int number) {
    return Answer(get(caller(who), "/api/v1/value/confidence?indicator=" + indicator_id(number)));
  }
  Answer value(const OrganisationId& who) { return Answer(get(caller(who), "/api/v1/value")); }
};

}  // namespace

TEST_CASE("the giver is told whom its reports helped, and by how much") {
  ValueWorld world;
  world.give(world.cert, 1);
  world.clock.advance(hours(10));
  world.see(world.company, 1);
  world.see(world.port, 1);
  const auto value = world.value(world.cert);
  CHECK(value.raw("members") == "2");
  CHECK(value.text("told") == "your reports helped 2 members, by 9 hours in the median");
  CHECK(world.value(world.company).raw("members") == "0");
}

TEST_CASE("what another gave before earns nothing, nor does seeing it oneself") {
  ValueWorld world;
  world.give(world.company, 1);
  const auto again = [&] {  // the same value under an id of the cheat's own
    auto text = indicator(2);
    text.replace(text.find("h2.example"), 10, "h1.example");
    return text;
  }();
  world.clock.advance(seconds(1));
  REQUIRE(world.post(world.caller(world.cert), "/api/v1/objects?circle=c", again).status == 200);
  world.clock.advance(hours(3));
  world.see(world.port, 2);
  world.give(world.cert, 3);
  world.see(world.cert, 3);
  const auto value = world.value(world.cert);
  CHECK(value.raw("members") == "0");
  CHECK(value.raw("duplicates") == "1");
}

TEST_CASE("corrections of two members lower the confidence twice, said again they do not") {
  ValueWorld world;
  world.give(world.cert, 1, 0, R"(,"confidence":80)");
  CHECK(world.confidence(world.cert, 1).raw("now") == "80");
  CHECK(world.correct(world.company, 1, "false-positive").texts("circles", "").size() == 1);
  CHECK(world.confidence(world.cert, 1).raw("now") == "40");
  CHECK(world.correct(world.company, 1, "false-positive").raw("unchanged") == "1");
  CHECK(world.confidence(world.port, 1).raw("now") == "40");
  CHECK(world.correct(world.port, 1, "expired").status == 200);
  CHECK(world.confidence(world.cert, 1).raw("now") == "30");
  CHECK(world.confidence(world.cert, 1).raw("stated") == "80");
  CHECK(world.correct(world.port, 1, "boredom").status == 400);
  CHECK(world.correct(world.port, 99, "expired").status == 404);
}

TEST_CASE("what others correct leaves a feed that asks for more confidence than they leave") {
  ValueWorld world;
  world.give(world.cert, 1, 0, R"(,"confidence":80)");
  world.give(world.cert, 2, 0, R"(,"confidence":80)");
  for (const auto* const feed :
       {R"({"name":"any","format":"plain"})", R"({"name":"sure","format":"plain","confidence_min":60})"})
    CHECK(world.post(world.caller(world.port), "/api/v1/controls", feed).status == 201);
  const auto why = [&](int number) {
    return Answer(
        world.get(world.caller(world.port), fmt::format("/api/v1/control-values?value=h{}.example", number)));
  };
  CHECK(why(1).texts("controls", "control") == std::vector<std::string>{"any", "sure"});
  CHECK(world.correct(world.company, 1, "false-positive").status == 200);
  CHECK(why(1).texts("controls", "control") == std::vector<std::string>{"any"});
  CHECK(why(2).texts("controls", "control") == std::vector<std::string>{"any", "sure"});
  const auto answer = world.get(world.caller(world.port), "/api/v1/control-values?value=h1.example");
  CHECK(answer.bytes().find("its confidence is below 60: of 80, one correction leaves 40") !=
        std::string::npos);
}

TEST_CASE("a correction that its owner follows is counted for who made it") {
  ValueWorld world;
  world.clock.set_wall(Timestamp{1'577'836'800'000'000});  // the objects of this test are of 2020
  world.give(world.cert, 1);
  world.correct(world.company, 1, "false-positive");
  CHECK(world.value(world.company).raw("corrections_accepted") == "0");
  world.give(world.cert, 1, 30, R"(,"revoked":true)");
  CHECK(world.value(world.company).raw("corrections_accepted") == "1");
  CHECK(world.value(world.cert).raw("corrections_accepted") == "0");
  CHECK(world.confidence(world.company, 1).raw("now") == "0");
}

TEST_CASE("a member outside learns neither confidence nor protection of what it may not see") {
  ValueWorld world;
  world.give(world.cert, 1);
  const auto stranger = world.organisation("stranger");
  CHECK(world.confidence(stranger, 1).status == 404);
  const auto path = "/api/v1/value/protection?indicator=";
  CHECK(world.get(world.caller(stranger), path + indicator_id(1)).status == 404);
  CHECK(Answer(world.get(world.caller(stranger), "/api/v1/value/protection")).raw("indicators") == "0");
}

TEST_CASE("time to protection names the step that took longest") {
  ValueWorld world;
  world.give(world.cert, 1);
  const std::vector<model::ObjectId> id{*model::ObjectId::parse(indicator_id(1))};
  auto& records = world.store->records();
  const auto at = world.clock.now();
  REQUIRE(ledger::note_milestones(records, world.company, ledger::Step::observed, id, at - minutes(5)));
  REQUIRE(ledger::note_milestones(records, world.company, ledger::Step::live, id, at + hours(2)));
  world.clock.advance(hours(3));
  world.see(world.company, 1);
  const Answer one(
      world.get(world.caller(world.company), "/api/v1/value/protection?indicator=" + indicator_id(1)));
  CHECK(one.texts("steps", "step") == Texts{"observed", "received", "live", "hit"});
  CHECK(one.text("slowest") == "live");
  const Answer all(world.get(world.caller(world.company), "/api/v1/value/protection"));
  CHECK(all.raw("indicators") == "1");
  CHECK(all.text("slowest") == "live");
}
