// PATCH /api/v1/objects/{id}: a label is amended, and those whom it concerns are told.

#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

struct Shared : World {
  Shared() { post(at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1)); }

  net::Response amend(const api::Caller& caller, const std::string& query) {
    clock.advance(minutes(1));
    return ask(caller, net::Method::patch, "/api/v1/objects/" + indicator_id(1) + "?" + query);
  }
  int status_at(const api::Caller& caller) {
    return get(caller, "/api/v1/objects/" + indicator_id(1)).status;
  }
  /// The kinds of the reader's events from the beginning.
  Texts told(const api::Caller& caller) {
    const auto text = get(caller, "/api/v1/changes?once=true&from=beginning").body;
    Texts kinds;
    for (std::size_t at = text.find("event: "); at != text.npos; at = text.find("event: ", at + 1))
      kinds.push_back(text.substr(at + 7, text.find('\n', at) - at - 7));
    return kinds;
  }
};

}  // namespace

TEST_CASE("a narrower label takes an object from its readers and tells them, a wider one gives it back") {
  Shared world;
  REQUIRE(world.status_at(world.at_company()) == 200);
  const auto narrowed = world.amend(world.at_cert(), "circle=c&tlp=red");
  CHECK(narrowed.status == 200);
  CHECK(Answer(narrowed).raw("amended") == "1");
  CHECK(world.status_at(world.at_company()) == 404);
  CHECK(world.status_at(world.at_cert()) == 200);
  CHECK(world.told(world.at_company()) == Texts{"withdrawn"});
  CHECK(world.amend(world.at_cert(), "circle=c&tlp=amber").status == 200);
  CHECK(world.status_at(world.at_company()) == 200);
  CHECK(world.told(world.at_company()) == Texts{"withdrawn", "opened"});
  CHECK(world.told(world.at_cert()) == Texts{"added"});
  CHECK(world.told(world.at_stranger()).empty());
}

TEST_CASE("only who put an object amends its label, and for others there is nothing to amend") {
  Shared world;
  CHECK(world.amend(world.at_company(), "circle=c&tlp=red").status == 404);
  CHECK(world.amend(world.at_stranger(), "circle=c&tlp=red").status == 404);
  CHECK(world.amend(world.at_cert(), "tlp=red").status == 404);  // nothing of it is outside of the circle
  CHECK(world.amend(world.at_cert(), "circle=c&tlp=pink").status == 400);
  CHECK(world.amend(world.at_cert(), "circle=c&colour=red").status == 400);
  CHECK(world.amend(world.at_cert(), "circle=c&version=2021-01-01T00:00:00Z").status == 404);
  CHECK(world.status_at(world.at_company()) == 200);
}

TEST_CASE("who joined the circle since the release gains nothing by an amendment") {
  Shared world;
  world.change_circle(world.circle_id,
                      [&](ledger::Circle& circle) { ledger::enter(circle, world.stranger); });
  CHECK(world.amend(world.at_cert(), "circle=c&tlp=clear").status == 200);
  CHECK(world.status_at(world.at_stranger()) == 404);
  CHECK(world.status_at(world.at_company()) == 200);
}

TEST_CASE("where a circle wants a second person, narrowing needs none and widening does") {
  Shared world;
  world.change_circle(world.circle_id, [](ledger::Circle& circle) { circle.second_person = true; });
  CHECK(world.amend(world.at_cert(), "circle=c&tlp=red").status == 200);
  CHECK(world.amend(world.at_cert(), "circle=c&tlp=green").status == 403);
  CHECK(world.status_at(world.at_company()) == 404);
}
