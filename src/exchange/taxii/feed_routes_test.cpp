#include "exchange/taxii/taxii_world.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

struct Reader : World {
  ledger::Circle circle = add_circle("intel", {cert, company});
  api::Caller ann = caller_of(cert, "ann");
  api::Caller bob = caller_of(company, "bob");

  net::Response post(const api::Caller& who, std::string target, Bytes body) {
    return ask(
        who, net::Method::post, std::move(target), std::move(body), {{"Content-Type", "application/json"}});
  }
  std::string feed(const api::Caller& who, std::string_view ceiling = "green") {
    const auto response =
        post(who,
             "/api/v1/feeds",
             fmt::format(R"({{"url":"https://there/api1/collections/c","circle":"intel","ceiling":"{}"}})",
                         ceiling));
    REQUIRE(response.status < 300);
    return Answer(response).text("id");
  }
  net::Response give(const api::Caller& who, const std::string& feed, std::string objects, std::string next) {
    return post(
        who,
        "/api/v1/feeds/" + feed + "/objects",
        fmt::format(R"({{"objects":[{}],"added_after":"2024-01-01T00:00:00Z","next":"{}"}})", objects, next));
  }
};

constexpr auto tlp_clear =
    R"(,"object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"])";

}  // namespace

STORE_TEST_CASE("a feed is one per circle and address, and keeps how far it was read") {
  Reader world;
  const auto id = world.feed(world.ann);
  CHECK(world.feed(world.ann) == id);
  CHECK(world.feed(world.bob) != id);
  const auto taken = world.give(world.ann, id, indicator(1, 0, tlp_clear), "n1");
  CHECK(taken.status == 200);
  CHECK(Answer(taken).number("success_count") == "1");
  const Answer feed(world.get(world.ann, "/api/v1/feeds/" + id));
  CHECK(feed.text("url") == "https://there/api1/collections/c/");
  CHECK(feed.text("next") == "n1");
  CHECK(feed.text("added_after") == "2024-01-01T00:00:00Z");
  CHECK(world.get(world.bob, "/api/v1/feeds/" + id).status == 404);
  CHECK(world.give(world.bob, id, indicator(2), "n2").status == 404);
  CHECK(Answer(world.get(world.ann, "/api/v1/feeds")).ids("feeds") == std::vector<std::string>{id});
}

STORE_TEST_CASE("what a feed brings is held under its source and never more open than the ceiling") {
  Reader world;
  const auto id = world.feed(world.ann, "amber");
  world.give(world.ann, id, indicator(1, 0, tlp_clear), "");
  const auto page =
      world.store->objects().find(world.ann.scope, {}, std::nullopt, 10, 1 << 20, Deadline::none());
  REQUIRE(page->holdings.size() == 1);
  const auto& holding = page->holdings.front();
  CHECK(holding.source == policy::Source{policy::Source::Kind::feed, Uuid::parse(id).value()});
  CHECK(holding.collection == world.circle.id);
  CHECK(holding.label.tlp >= policy::Tlp::amber);
  // Even its own account's tools get it with the marking that the ceiling adds.
  CHECK(world.get(world.ann, "/api1/collections/intel/objects/").bytes().find("94868c89") ==
        std::string_view::npos);
}

STORE_TEST_CASE("the same version from two sources is held twice and judged apart") {
  Reader world;
  const auto id = world.feed(world.ann);
  world.ask(world.ann, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(1)}));
  const auto taken = world.give(world.ann, id, indicator(1, 0, R"(,"confidence":7)"), "");
  CHECK(Answer(taken).number("success_count") == "1");
  CHECK(Answer(world.get(world.ann, "/api1/collections/intel/objects/")).ids().size() == 1);
}

STORE_TEST_CASE(
    "only what our own organisation put leaves for a foreign server, with its markings rewritten") {
  Reader world;
  const auto id = world.feed(world.ann);
  world.give(world.ann, id, indicator(1), "");
  world.ask(world.bob, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(2)}));
  world.ask(world.ann, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(3)}));
  const auto response = world.get(world.ann, "/api/v1/feeds/" + id + "/outgoing");
  const Answer outgoing(response);
  CHECK(outgoing.ids() == std::vector<std::string>{"indicator--00000000-0000-4000-8000-000000000003"});
  CHECK(outgoing.number("held_back") == "0");
  CHECK(response.bytes().find("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003") !=
        std::string_view::npos);
  const auto sent = fmt::format(R"({{"sent_after":"{}"}})", outgoing.text("date_added_last"));
  CHECK(world.post(world.ann, "/api/v1/feeds/" + id + "/sent", sent).status == 200);
  const Answer feed(world.get(world.ann, "/api/v1/feeds/" + id));
  CHECK(
      Answer(world.get(world.ann, "/api/v1/feeds/" + id + "/outgoing?added_after=" + feed.text("sent_after")))
          .ids()
          .empty());
}

STORE_TEST_CASE(
    "an object whose label says more than a foreign server honours stays, unless its owner allows the loss") {
  Reader world;
  auto row = *ledger::read_circle(world.store->records(), world.circle.id);
  auto circle = row.value;
  circle.label.pap = policy::Pap::red;
  world.put(circle, &row);
  const auto id = world.feed(world.ann);
  world.ask(world.ann, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(1)}));
  // The object, and the definition of what its label says beside TLP.
  CHECK(Answer(world.get(world.ann, "/api/v1/feeds/" + id + "/outgoing")).number("held_back") == "2");
  for (const auto* name : {"PAP", "pap", "use%20limits,%20Pap"}) {
    CAPTURE(name);
    const Answer allowed(world.get(world.ann, fmt::format("/api/v1/feeds/{}/outgoing?allow={}", id, name)));
    CHECK(allowed.number("held_back") == "0");
    CHECK(allowed.ids().size() == 2);
  }
  CHECK(Answer(world.get(world.ann, "/api/v1/feeds/" + id + "/outgoing?allow=Use-Limits"))
            .number("held_back") == "2");
  const auto refused = world.get(world.ann, "/api/v1/feeds/" + id + "/outgoing?allow=colour");
  CHECK(refused.status == 400);
  CHECK(refused.bytes().find("PAP, use limits, classification, realm") != std::string_view::npos);
}
