#include "library/sighting.h"

#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

using ledger::SightingChoice;

std::string report_of(int number,
                      int count,
                      const std::string& at = "2023-11-14T10:20:30Z",
                      const std::string& name = "") {
  return fmt::format(R"({{"report":"{}","sightings":[{{"indicator":"{}","at":"{}","count":{}}}]}})",
                     name,
                     indicator_id(number),
                     at,
                     count);
}

/// The cert shares indicator 1 with the company, which sees it.
struct Shared : World {
  Shared() {
    post(at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(1));
    CHECK(post(at_company(), "/api/v1/sightings", report_of(1, 5)).status == 200);
  }
  void choose(SightingChoice choice) { library::choose(*this, circle_id, company, choice); }
  Answer send() { return Answer(post(at_company(), "/api/v1/sightings/send", "")); }
  Answer returned() { return Answer(get(at_cert(), "/api/v1/sightings")); }
};

}  // namespace

TEST_CASE("nothing returns before the member chose, and nothing when it chose none") {
  Shared world;
  auto sent = world.send();
  CHECK(sent.raw("sent") == "0");
  CHECK(sent.texts("held_back", "reason") == Texts{"no choice was made yet"});
  world.choose(SightingChoice::none);
  sent = world.send();
  CHECK(sent.raw("sent") == "0");
  CHECK(world.returned().texts("indicators", "indicator").empty());
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/objects?type=sighting")).ids().empty());
}

TEST_CASE("counts return to the originator: indicator, count and day, nothing else of the telemetry") {
  Shared world;
  world.choose(SightingChoice::counts);
  CHECK(world.send().raw("sent") == "1");
  const auto back = world.returned();
  CHECK(back.texts("indicators", "indicator") == Texts{indicator_id(1)});
  CHECK(back.texts("indicators", "count") == Texts{"5"});
  CHECK(back.texts("indicators", "members") == Texts{"1"});
  CHECK(back.texts("indicators", "first_seen") == Texts{"2023-11-14T00:00:00.000Z"});
  CHECK(back.texts("indicators", "last_seen") == Texts{"2023-11-15T00:00:00.000Z"});
  const Answer found(world.get(world.at_cert(), "/api/v1/objects?type=sighting"));
  REQUIRE(found.ids().size() == 1);
  const auto entry = *(*found.root().find("objects")).begin();
  Texts names;
  const auto object = *entry.find("object");
  for (const auto member : object) names.emplace_back(member.key());
  CHECK(names == Texts{"type",
                       "spec_version",
                       "id",
                       "created_by_ref",
                       "created",
                       "modified",
                       "first_seen",
                       "last_seen",
                       "count",
                       "sighting_of_ref",
                       "where_sighted_refs"});
  CHECK(entry.find("label")->find("tlp")->string() == "TLP:AMBER");
  CHECK(world.get(world.at_stranger(), "/api/v1/objects/" + found.ids().front()).status == 404);
}

TEST_CASE("detail returns by the hour") {
  Shared world;
  world.post(world.at_company(), "/api/v1/sightings", report_of(1, 2, "2023-11-14T12:00:00Z"));
  world.choose(SightingChoice::detail);
  CHECK(world.send().raw("sent") == "2");
  CHECK(world.returned().texts("indicators", "first_seen") == Texts{"2023-11-14T10:00:00.000Z"});
  CHECK(world.returned().texts("indicators", "count") == Texts{"7"});
}

TEST_CASE("sending again changes nothing, and a grown count becomes the next version of the same sighting") {
  Shared world;
  world.choose(SightingChoice::counts);
  world.send();
  auto again = world.send();
  CHECK(again.raw("sent") == "0");
  CHECK(again.raw("unchanged") == "1");
  world.post(world.at_company(), "/api/v1/sightings", report_of(1, 3, "2023-11-14T23:00:00Z"));
  CHECK(world.send().raw("sent") == "1");
  CHECK(world.returned().texts("indicators", "count") == Texts{"8"});
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/objects?type=sighting")).ids().size() == 1);
}

TEST_CASE("one switch stops everything, whatever was chosen") {
  Shared world;
  world.choose(SightingChoice::detail);
  CHECK(world.post(world.at_company(), "/api/v1/sightings/stop", R"({"stopped":true})").status == 204);
  CHECK(world.post(world.at_company(), "/api/v1/sightings/send", "").status == 403);
  CHECK(world.returned().texts("indicators", "indicator").empty());
  CHECK(Answer(world.get(world.at_company(), "/api/v1/sightings/own")).raw("stopped") == "true");
  world.post(world.at_company(), "/api/v1/sightings/stop", R"({"stopped":false})");
  CHECK(world.send().raw("sent") == "1");
}

TEST_CASE("a report of the same name adds nothing a second time") {
  Shared world;
  world.post(
      world.at_company(), "/api/v1/sightings", report_of(1, 1, "2023-11-14T10:00:00Z", "scan of monday"));
  const Answer again(world.post(
      world.at_company(), "/api/v1/sightings", report_of(1, 1, "2023-11-14T10:00:00Z", "scan of monday")));
  CHECK(again.raw("again") == "true");
  const auto counts = *own_counts(world.store->records(), world.company);
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].count == 6);
  CHECK(to_text(counts[0].at) == "2023-11-14T10:00:00.000000Z");
}

TEST_CASE("what a source showed of an hour counts once, and only what it shows more of it is added") {
  Shared world;  // 5 were told without a source
  const auto tell = [&](const std::string& source, int count) {
    return Answer(world.post(
        world.at_company(),
        "/api/v1/sightings",
        fmt::format(
            R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z","count":{},"source":"{}"}}]}})",
            indicator_id(1),
            count,
            source)));
  };
  const auto all = [&] { return own_counts(world.store->records(), world.company)->at(0).count; };
  CHECK(tell("conn.log", 3).raw("taken") == "1");
  CHECK(all() == 8);
  const auto again = tell("conn.log", 3);
  CHECK(again.raw("taken") == "0");
  CHECK(again.raw("known") == "1");
  CHECK(tell("conn.log", 2).raw("known") == "1");
  CHECK(all() == 8);
  CHECK(tell("conn.log", 4).raw("taken") == "1");
  CHECK(tell("dns.log", 1).raw("taken") == "1");
  CHECK(all() == 10);
  CHECK(tell(std::string(source_bytes_max + 1, 's'), 1).status == 400);
}

TEST_CASE("a report may name an hour of one source in parts") {
  Shared world;
  const auto part = fmt::format(R"({{"indicator":"{}","at":"2023-11-14T10:00:00Z","count":2,"source":"s"}})",
                                indicator_id(1));
  const auto body = fmt::format(R"({{"sightings":[{},{}]}})", part, part);
  world.post(world.at_company(), "/api/v1/sightings", body);
  CHECK(Answer(world.post(world.at_company(), "/api/v1/sightings", body)).raw("known") == "1");
  CHECK(own_counts(world.store->records(), world.company)->at(0).count == 9);
}

TEST_CASE("an indicator that the reporter does not hold is told apart from none by nothing") {
  Shared world;
  world.post(world.at_cert(), "/api/v1/objects", indicator(2));  // hidden from the company
  const auto hidden = world.post(world.at_company(), "/api/v1/sightings", report_of(2, 1));
  const auto absent = world.post(world.at_company(), "/api/v1/sightings", report_of(3, 1));
  CHECK(Answer(hidden).raw("taken") == "0");
  auto text = std::string(hidden.bytes());
  const auto place = text.find(indicator_id(2));
  REQUIRE(place != text.npos);
  text.replace(place, indicator_id(2).size(), indicator_id(3));
  CHECK(text == absent.bytes());
}

TEST_CASE("a sighting's label is never wider than the indicator's and always includes the originator") {
  Shared world;
  const auto indicator =
      *world.store->objects().get(world.at_company().scope, *model::ObjectId::parse(indicator_id(1)));
  auto circle = ledger::read_circle(world.store->records(), world.circle_id)->value;
  const auto label =
      sighting_label(world.store->records(), indicator, circle, world.company, world.clock.now());
  REQUIRE(label);
  CHECK(label->tlp == indicator.label.tlp);
  CHECK(policy::at_least_as_wide(indicator.label, *label));
  CHECK(world.at_company().scope.sees(*label, world.clock.now()));
  CHECK(world.at_cert().scope.sees(*label, world.clock.now()));
  CHECK(!world.at_stranger().scope.sees(*label, world.clock.now()));
  // Who joins later sees neither the indicator nor that somebody saw it.
  world.change_circle(world.circle_id,
                      [&](ledger::Circle& changed) { ledger::enter(changed, world.stranger); });
  CHECK(!world.at_stranger().scope.sees(*label, world.clock.now()));
  // An originator that left would not see it any more: it stays.
  world.change_circle(world.circle_id, [&](ledger::Circle& changed) { ledger::leave(changed, world.cert); });
  circle = ledger::read_circle(world.store->records(), world.circle_id)->value;
  CHECK(!sighting_label(world.store->records(), indicator, circle, world.company, world.clock.now()));
}

TEST_CASE("sightings of two members are counted as two") {
  World world;
  const auto third = world.organisation("third");
  world.change_circle(world.circle_id, [&](ledger::Circle& circle) { ledger::enter(circle, third); });
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(1));
  for (const auto& member : {world.company, third}) {
    const auto caller = world.caller(member);
    choose(world, world.circle_id, member, SightingChoice::counts);
    CHECK(Answer(world.post(caller, "/api/v1/sightings", report_of(1, 5))).raw("taken") == "1");
    CHECK(Answer(world.post(caller, "/api/v1/sightings/send", "")).raw("sent") == "1");
  }
  const Answer back(world.get(world.at_cert(), "/api/v1/sightings?indicator=" + indicator_id(1)));
  CHECK(back.texts("indicators", "members") == Texts{"2"});
  CHECK(back.texts("indicators", "count") == Texts{"10"});
}

TEST_CASE("a report that cannot be read is refused, naming the element") {
  Shared world;
  for (const std::string body :
       {R"([])",
        R"({"sightings":[{"indicator":"x","at":"2023-11-14T10:00:00Z"}]})",
        R"({"sightings":[{"indicator":"indicator--00000000-0000-4000-8000-000000000001"}]})",
        R"({"sightings":[{"indicator":"indicator--00000000-0000-4000-8000-000000000001",)"
        R"("at":"2023-11-14T10:00:00Z","count":0}]})",
        R"({"sightings":[],"colour":"blue"})",
        R"({"sightings":)"}) {
    CAPTURE(body);
    CHECK(world.post(world.at_company(), "/api/v1/sightings", body).status == 400);
  }
}
