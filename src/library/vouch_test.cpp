// Publishing for another that asked for it: who may, what leaves, and what stays with the one who asked.

#include "ledger/delegated.h"
#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

constexpr std::string_view wish = R"(,"labels":["publish-without-name","seen-twice"])";

/// The cert shares with the company alone, which is in a second circle with a reader, and with the cert.
struct Asked : World {
  OrganisationId reader = organisation("reader");
  CircleId wide = circle("wide", {company, reader, cert});

  std::string by_cert(int number, int version = 0, std::string_view extra = wish) {
    return indicator(
        number, version, fmt::format(R"(,"created_by_ref":"{}"{})", ledger::identity_of(cert).text(), extra));
  }
  void ask(std::string_view text, std::string_view how = "circle=c&tlp=amber") {
    const Answer put(post(at_cert(), fmt::format("/api/v1/objects?{}", how), Bytes(text)));
    REQUIRE(put.statuses() == Texts{"stored"});
  }
  net::Response vouch(const api::Caller& who, const std::string& id, std::string_view circle = "wide") {
    return post(who, fmt::format("/api/v1/objects/{}/vouch?circle={}", id, circle), "");
  }
  std::string read(const OrganisationId& who, const std::string& id) {
    return std::string(get(caller(who), "/api/v1/objects/" + id).bytes());
  }
  bool sees(const OrganisationId& who, const std::string& id) {
    return get(caller(who), "/api/v1/objects/" + id).status == 200;
  }
};

}  // namespace

TEST_CASE("a member publishes for one that asked, whose name stands nowhere in what leaves") {
  Asked world;
  world.ask(world.by_cert(1));
  const auto id = indicator_id(1);
  CHECK_FALSE(world.sees(world.reader, id));
  CHECK(Answer(world.vouch(world.at_company(), id)).text("circle") == "Circle wide");
  const auto told = world.read(world.reader, id);
  CHECK(told.find(world.cert.text()) == std::string::npos);  // its identity's id holds the same UUID
  CHECK(told.find("\"cert\"") == std::string::npos);
  CHECK(told.find("created_by_ref") == std::string::npos);
  CHECK(told.find("publish-without-name") == std::string::npos);
  CHECK(told.find("seen-twice") != std::string::npos);
  CHECK(told.find("h1.example") != std::string::npos);
  CHECK(told.find(world.company.text()) != std::string::npos);
  CHECK(ledger::delegated_objects(world.store->records())->contains(*model::ObjectId::parse(id)));
  CHECK_FALSE(world.sees(world.stranger, id));
}

TEST_CASE("the one who asked sees both: its own, and the word of the member that published it") {
  Asked world;
  world.ask(world.by_cert(1));
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 200);
  const auto ids = [&](const std::string& where) {
    return Answer(world.get(world.at_cert(), "/api/v1/objects?id=" + indicator_id(1) + where)).ids();
  };
  CHECK(ids("&circle=c").size() == 1);
  CHECK(ids("&circle=wide").size() == 1);
  CHECK(ids("&circle=wide&source=" + world.company.text()).size() == 1);
  CHECK(ids("&circle=wide&source=own").empty());
}

TEST_CASE("who was not asked does not publish for another") {
  Asked world;
  world.ask(world.by_cert(1, 0, R"(,"labels":["seen-twice"])"));
  world.ask(world.by_cert(2, 0, ""));
  world.post(world.at_company(), "/api/v1/objects?circle=c", indicator(3, 0, wish));
  for (const int i : {1, 2, 3}) CHECK(world.vouch(world.at_company(), indicator_id(i)).status == 403);
  CHECK(ledger::delegated_objects(world.store->records())->empty());
  world.ask(world.by_cert(4));
  CHECK(world.vouch(world.at_cert(), indicator_id(4), "wide").status == 403);      // for itself
  CHECK(world.vouch(world.at_stranger(), indicator_id(4), "wide").status == 404);  // it sees neither
  CHECK(world.vouch(world.caller(world.reader), indicator_id(4)).status == 404);
  CHECK(world.vouch(world.at_company(), indicator_id(4), "").status == 400);
  auto without_right = world.at_company();
  without_right.rights = {api::Right::read, api::Right::sight};
  CHECK(world.vouch(without_right, indicator_id(4)).status == 403);
  for (const int i : {1, 2, 3, 4}) CHECK_FALSE(world.sees(world.reader, indicator_id(i)));
}

TEST_CASE("it leaves never more openly than it came") {
  Asked world;
  world.change_circle(world.wide, [](ledger::Circle& circle) { circle.label.unmarked = policy::Tlp::clear; });
  world.ask(world.by_cert(1), "circle=c&tlp=amber_strict&must_not=resell&end=2023-12-24T00:00:00Z");
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 200);
  const auto told = world.read(world.reader, indicator_id(1));
  CHECK(told.find("TLP:AMBER+STRICT") != std::string::npos);
  CHECK(told.find("resell") != std::string::npos);
  CHECK(told.find("2023-12-24") != std::string::npos);
  world.ask(world.by_cert(2), "circle=c&embargo=2023-12-24T00:00:00Z");
  CHECK(world.vouch(world.at_company(), indicator_id(2)).status == 404);  // its owner alone sees it yet
}

TEST_CASE("a part that the owner marked more strictly does not leave more openly than that") {
  Asked world;
  const auto marked = [&](int number, std::string_view tlp) {
    return world.by_cert(number,
                         0,
                         fmt::format(R"({},"description":"of the bank","granular_markings":[{{"marking_ref":)"
                                     R"("marking-definition--{}","selectors":["description"]}}])",
                                     wish,
                                     tlp));
  };
  world.ask(marked(1, "939a9414-2ddd-4d32-a0cd-375ea402b003"));  // TLP 2.0 AMBER+STRICT
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 200);
  CHECK(world.read(world.reader, indicator_id(1)).find("TLP:AMBER+STRICT") != std::string::npos);
  world.ask(marked(2, "e828b379-4e03-4974-9ac4-e53a884c97c1"));  // RED: the company does not see the part
  world.vouch(world.at_company(), indicator_id(2));
  CHECK(world.read(world.reader, indicator_id(2)).find("of the bank") == std::string::npos);
}

TEST_CASE("what names its owner in itself is not published for it") {
  Asked world;
  world.ask(world.by_cert(1));
  const std::string id = "sighting--00000000-0000-4000-8000-000000000001";
  world.ask(fmt::format(
      R"({{"type":"sighting","spec_version":"2.1","id":"{}","created":"2020-01-01T00:00:00.000Z",)"
      R"("modified":"2020-01-01T00:00:00.000Z","sighting_of_ref":"{}","where_sighted_refs":["{}"]{}}})",
      id,
      indicator_id(1),
      ledger::identity_of(world.cert).text(),
      wish));
  const auto refused = world.vouch(world.at_company(), id);
  CHECK(refused.status == 403);
  CHECK(std::string(refused.bytes()).find("names its owner") != std::string::npos);
  CHECK_FALSE(world.sees(world.reader, id));
}

TEST_CASE("a newer version is published as its owner wishes it then") {
  Asked world;
  world.ask(world.by_cert(1));
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 200);
  world.ask(world.by_cert(1, 5));
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 200);
  CHECK(world.read(world.reader, indicator_id(1)).find("00:05:00") != std::string::npos);
  world.ask(world.by_cert(1, 7, R"(,"labels":["seen-twice"])"));  // it asks no more
  CHECK(world.vouch(world.at_company(), indicator_id(1)).status == 403);
  CHECK(world.read(world.reader, indicator_id(1)).find("00:07:00") == std::string::npos);
}
