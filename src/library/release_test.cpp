#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

std::string list_of(const Texts& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : ",") + ("\"" + id + "\"");
  return R"({"objects":[)" + text + "]}";
}

}  // namespace

TEST_CASE("what was put for oneself is released as a list, and nothing that it links to goes along") {
  World world;
  world.post(world.at_cert(),
             "/api/v1/objects",
             bundle({indicator(1), malware(1), relationship(1, indicator_id(1), malware_id(1))}));
  const Answer released(
      world.post(world.at_cert(), "/api/v1/releases?circle=c&tlp=green", list_of({indicator_id(1)})));
  CHECK(released.status == 200);
  CHECK(released.statuses() == Texts{"stored"});
  CHECK(Answer(world.get(world.at_company(), "/api/v1/objects")).ids() == Texts{indicator_id(1)});
  CHECK(world.post(world.at_cert(), "/api/v1/releases?tlp=green", list_of({indicator_id(1)})).status == 400);
  CHECK(world.post(world.at_cert(), "/api/v1/releases?circle=c", list_of({})).status == 400);
}

TEST_CASE("what belongs to another is not released by who received it, and one such releases nothing") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.post(world.at_company(), "/api/v1/objects", indicator(2));
  world.circle("d", {world.company, world.stranger});
  CHECK(
      world.post(world.at_company(), "/api/v1/releases?circle=d", list_of({indicator_id(2), indicator_id(1)}))
          .status == 404);
  CHECK(Answer(world.get(world.at_stranger(), "/api/v1/objects")).ids().empty());
}

TEST_CASE("a circle that wants a second person gets nothing before another account consents") {
  World world;
  world.change_circle(world.circle_id, [](ledger::Circle& circle) { circle.second_person = true; });
  const auto alice = world.caller(world.cert, "alice");
  const auto bob = world.caller(world.cert, "bob");
  world.post(alice, "/api/v1/objects", indicator(1));
  const Answer asked(world.post(alice, "/api/v1/releases?circle=c&tlp=green", list_of({indicator_id(1)})));
  CHECK(asked.status == 202);
  CHECK(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)).status == 404);
  CHECK(Answer(world.get(bob, "/api/v1/releases")).texts("releases", "id") == Texts{asked.text("id")});
  CHECK(Answer(world.get(world.at_company(), "/api/v1/releases")).texts("releases", "id").empty());

  const auto consent = "/api/v1/releases/" + asked.text("id") + "/consent";
  CHECK(world.post(alice, consent, "").status == 403);
  CHECK(world.post(world.at_company(), consent, "").status == 404);
  CHECK(world.post(bob, consent, "").status == 200);
  const Answer got(world.get(world.at_company(), "/api/v1/objects/" + indicator_id(1)));
  CHECK(got.status == 200);
  CHECK(got.root().find("label")->find("tlp")->string() == "TLP:GREEN");
  CHECK(world.post(bob, consent, "").status == 404);
}

TEST_CASE("a release that waits can be withdrawn") {
  World world;
  world.change_circle(world.circle_id, [](ledger::Circle& circle) { circle.second_person = true; });
  world.post(world.at_cert(), "/api/v1/objects", indicator(1));
  const Answer asked(world.post(world.at_cert(), "/api/v1/releases?circle=c", list_of({indicator_id(1)})));
  const auto path = "/api/v1/releases/" + asked.text("id");
  CHECK(world.ask(world.at_company(), net::Method::delete_, path).status == 404);
  CHECK(world.ask(world.at_cert(), net::Method::delete_, path).status == 204);
  CHECK(world.post(world.caller(world.cert, "bob"), path + "/consent", "").status == 404);
}

namespace {

/// The cert shares indicator 1 with the company alone; the company has a circle with a stranger.
struct Passed : World {
  Passed() {
    post(at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(1));
    circle("d", {company, stranger});
  }
  bool stranger_sees(int number) {
    return get(at_stranger(), "/api/v1/objects/" + indicator_id(number)).status == 200;
  }
};

}  // namespace

TEST_CASE("another member's object stays under its owner's label, by whatever door it is put again") {
  Passed world;
  const Answer put(world.post(world.at_company(), "/api/v1/objects?circle=d&tlp=clear", indicator(1)));
  CHECK(put.statuses() == Texts{"stored"});
  CHECK(std::string(put.root().raw()).find("another source released this object to you") !=
        std::string::npos);
  CHECK(!world.stranger_sees(1));
  world.post(world.at_company(), "/api/v1/imports?circle=d&tlp=clear", bundle({indicator(1), indicator(2)}));
  CHECK(!world.stranger_sees(1));
  CHECK(world.stranger_sees(2));
  // Nor by keeping it first, or by changing it.
  world.post(world.at_company(), "/api/v1/objects", indicator(1));
  CHECK(world.post(world.at_company(), "/api/v1/releases?circle=d&tlp=clear", list_of({indicator_id(1)}))
            .status == 404);
  world.post(world.at_company(), "/api/v1/objects?circle=d&tlp=clear", indicator(1, 1));
  CHECK(!world.stranger_sees(1));
  // Who shares both circles with the company may see it.
  world.change_circle(world.circle_id,
                      [&](ledger::Circle& circle) { ledger::enter(circle, world.stranger); });
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(3));
  world.post(world.at_company(), "/api/v1/objects?circle=d", indicator(3));
  CHECK(world.stranger_sees(3));
}

TEST_CASE("one's own object that came back by way of another is still one's own") {
  Passed world;
  const auto own = fmt::format(R"(,"created_by_ref":"{}")", ledger::identity_of(world.company).text());
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(4, 0, own));
  world.post(world.at_company(), "/api/v1/objects?circle=d&tlp=clear", indicator(4, 0, own));
  CHECK(world.stranger_sees(4));
}

TEST_CASE("what one may not see binds nothing that one puts") {
  Passed world;
  world.post(world.at_cert(), "/api/v1/objects", indicator(5));
  world.post(world.at_company(), "/api/v1/objects?circle=d&tlp=clear", indicator(5));
  CHECK(world.stranger_sees(5));
}
