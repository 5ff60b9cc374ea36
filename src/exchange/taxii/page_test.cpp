// What pages are made of and kept as: filled up, packed, given again, and noted.

#include "exchange/taxii/page_cache.h"
#include "exchange/taxii/taxii_world.h"
#include "ledger/delivery.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

constexpr auto objects = "/api1/collections/intel/objects/";
constexpr auto red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

std::string id_of(int number) {
  return fmt::format("indicator--00000000-0000-4000-8000-{:012}", number);
}

/// Its pattern, without which it is no indicator, is for the sender alone.
std::string hollow(int number) {
  return indicator(
      number,
      0,
      fmt::format(R"(,"granular_markings":[{{"marking_ref":"{}","selectors":["pattern"]}}])", red));
}

struct Pages : World {
  ledger::Circle circle = add_circle("intel", {cert, company});
  api::Caller ann = caller_of(cert, "ann");
  api::Caller bob = caller_of(company, "bob");

  void add(std::initializer_list<std::string> some, std::string_view way = objects) {
    clock.advance(seconds(1));
    REQUIRE(ask(ann, net::Method::post, std::string(way), envelope(some)).status == 202);
  }
  net::Response packed(const api::Caller& who, std::string target) {
    return ask(who, net::Method::get, std::move(target), {}, {{"Accept-Encoding", "gzip"}});
  }
  std::vector<ledger::Delivery> deliveries(const api::Caller& who) {
    return *ledger::deliveries_to(store->records(), who.organisation, who.account, 1'000);
  }
};

}  // namespace

STORE_TEST_CASE(
    "a page is filled where redaction leaves nothing of an object, and says more only when there is") {
  Pages world;
  world.add({hollow(1), indicator(2), hollow(3), indicator(4), hollow(5), hollow(6)});
  const Answer first(world.get(world.bob, fmt::format("{}?limit=1", objects)));
  CHECK(first.ids() == std::vector<std::string>{id_of(2)});
  CHECK(first.more());
  const Answer both(world.get(world.bob, fmt::format("{}?limit=2", objects)));
  CHECK(both.ids() == std::vector<std::string>{id_of(2), id_of(4)});
  CHECK(!both.more());
  const Answer second(world.get(world.bob, fmt::format("{}?limit=1&next={}", objects, first.text("next"))));
  CHECK(second.ids() == std::vector<std::string>{id_of(4)});
  CHECK(!second.more());
  CHECK(Answer(world.get(world.ann, objects)).ids().size() == 6);
}

STORE_TEST_CASE("a page is kept until anything changes, and for its own account alone") {
  Pages world;
  world.add({indicator(1), indicator(2), indicator(3)});
  const auto target = fmt::format("{}?limit=2", objects);
  const auto first = world.get(world.bob, target);
  const auto again = world.get(world.bob, target);
  REQUIRE(first.shared_body);
  CHECK(again.shared_body == first.shared_body);
  CHECK(world.get(world.caller_of(world.company, "eve"), target).bytes() != first.bytes());  // another `next`
  world.add({indicator(4)});
  const auto later = world.get(world.bob, target);
  CHECK(later.shared_body != first.shared_body);
  CHECK(Answer(later).ids() == Answer(first).ids());
  world.ask(world.ann, net::Method::delete_, objects + id_of(1) + "/");
  CHECK(Answer(world.get(world.bob, target)).ids() == std::vector<std::string>{id_of(2), id_of(3)});
}

STORE_TEST_CASE("a kept page ends with the first label in it that ends") {
  Pages world;
  const auto document = *model::JsonDocument::parse(indicator(1));
  store::NewHolding holding{.object = *model::read_object(document.root()),
                            .text = {},
                            .source = {policy::Source::Kind::own, world.cert.uuid},
                            .collection = world.circle.id,
                            .label = ledger::label_for(world.circle, world.cert),
                            .parts = {}};
  holding.label.end = world.clock.now() + hours(1);
  REQUIRE(world.store->objects().put({&holding, 1}, Deadline::none()));
  CHECK(Answer(world.get(world.bob, objects)).ids().size() == 1);
  CHECK(Answer(world.get(world.bob, objects)).ids().size() == 1);
  world.clock.advance(hours(1));
  CHECK(world.get(world.bob, objects).bytes() == "{}");
  CHECK(Answer(world.get(world.ann, objects)).ids().size() == 1);  // its owner's
}

STORE_TEST_CASE("answers are gzip where the client asks for that, and say the same") {
  Pages world;
  world.add({indicator(1, 0, fmt::format(R"(,"description":"{}")", std::string(5'000, 'd')))});
  const auto plain = world.get(world.bob, objects);
  CHECK(!plain.headers.has("Content-Encoding"));
  for (int i = 0; i < 2; ++i) {  // the second comes from the cache
    const auto packed = world.packed(world.bob, objects);
    CHECK(packed.headers.get("Content-Encoding") == "gzip");
    CHECK(packed.headers.has_token("Vary", "Accept-Encoding"));
    CHECK(packed.bytes().size() < plain.bytes().size() / 4);
    CHECK(*wire::gunzip(packed.bytes(), 1 << 20) == plain.bytes());
  }
  CHECK(!world.get(world.bob, objects).headers.has("Content-Encoding"));
  CHECK(!world.packed(world.bob, "/api1/").headers.has("Content-Encoding"));  // too small to gain
}

STORE_TEST_CASE("every answer with objects leaves one delivery entry, and the same again is counted") {
  Pages world;
  world.add({indicator(1), indicator(2)});
  world.get(world.bob, "/api1/collections/intel/manifest/");
  world.get(world.bob, fmt::format("{}?match[type]=malware", objects));
  CHECK(world.deliveries(world.bob).empty());
  world.get(world.bob, objects);
  auto noted = world.deliveries(world.bob);
  REQUIRE(noted.size() == 1);
  CHECK(noted[0].door == "taxii");
  CHECK(noted[0].name == "bob");
  CHECK(noted[0].times == 1);
  CHECK(noted[0].root == ledger::root_of(noted[0].versions));
  REQUIRE(noted[0].versions.size() == 2);
  CHECK(noted[0].versions[0].id.text() == id_of(1));
  CHECK(std::get<Timestamp>(noted[0].versions[0].version) == *parse_lenient_time("2020-01-01T00:00:00.000Z"));
  world.clock.advance(seconds(2));
  world.get(world.bob, objects);
  noted = world.deliveries(world.bob);
  REQUIRE(noted.size() == 1);
  CHECK(noted[0].times == 2);
  CHECK(noted[0].last == world.clock.now());
  CHECK(noted[0].first < noted[0].last);
  world.get(world.bob, objects + id_of(2) + "/");
  CHECK(world.deliveries(world.bob).size() == 2);
  CHECK(world.deliveries(world.ann).empty());
}

TEST_CASE("a page whose delivery cannot be noted does not leave") {
  Pages world;
  world.add({indicator(1)});
  world.fault = [](std::string_view step) -> Done {
    if (step != "records") return {};
    return fail(ErrorCode::exhausted, "the disk is full");
  };
  const auto refused = world.get(world.bob, objects);
  CHECK(refused.status == 503);
  CHECK(refused.bytes().find(id_of(1)) == std::string_view::npos);
  world.fault = {};
  CHECK(world.get(world.bob, objects).status == 200);
}
