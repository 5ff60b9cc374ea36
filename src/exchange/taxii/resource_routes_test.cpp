#include "exchange/taxii/taxii_world.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

std::vector<std::string> texts_of(const model::Json& root, std::string_view name) {
  std::vector<std::string> texts;
  const auto list = root.find(name);
  if (!list) return texts;
  for (const auto element : *list) texts.emplace_back(element.string());
  return texts;
}

}  // namespace

TEST_CASE("discovery names every API root where the client can reach it, and the default among them") {
  World world;
  world.clock.advance(seconds(1));
  world.add_root({.name = "api2", .title = "Two", .created = world.clock.now()});
  const auto response = world.get(world.caller_of(world.company, "ann"), "/taxii2/");
  CHECK(response.status == 200);
  CHECK(response.headers.get("Content-Type") == "application/taxii+json;version=2.1");
  const Answer answer(response);
  CHECK(texts_of(answer.root(), "api_roots") ==
        std::vector<std::string>{"http://taxii.example/api1/", "http://taxii.example/api2/"});
  CHECK(answer.text("default") == "http://taxii.example/api1/");
  CHECK(answer.text("title") == "Shieldwall");
  CHECK(!answer.has("contact"));
}

TEST_CASE("discovery says what the operator called the server, and whom to ask") {
  World world;
  world.shelf.of<exchange::TaxiiNames>() = {"CERT-EST", "Threat knowledge", "soc@cert.example"};
  const Answer answer(world.get(world.caller_of(world.company, "ann"), "/taxii2/"));
  CHECK(answer.text("title") == "CERT-EST");
  CHECK(answer.text("description") == "Threat knowledge");
  CHECK(answer.text("contact") == "soc@cert.example");
}

TEST_CASE("an address without its final slash answers the same") {
  World world;
  const auto ann = world.caller_of(world.company, "ann");
  CHECK(world.get(ann, "/taxii2").bytes() == world.get(ann, "/taxii2/").bytes());
  CHECK(world.get(ann, "/api1").bytes() == world.get(ann, "/api1/").bytes());
}

TEST_CASE("an API root tells its title, versions and how much it takes at once") {
  World world;
  world.add_root({.name = "small", .title = "Small", .description = "d", .max_content_length = 1000});
  const Answer answer(world.get(world.caller_of(world.company, "ann"), "/small/"));
  CHECK(answer.text("title") == "Small");
  CHECK(answer.text("description") == "d");
  CHECK(answer.number("max_content_length") == "1000");
  CHECK(texts_of(answer.root(), "versions") ==
        std::vector<std::string>{"application/taxii+json;version=2.1"});
}

TEST_CASE("an error is a TAXII error message") {
  World world;
  const auto response = world.get(world.caller_of(world.company, "ann"), "/nosuch/collections/");
  CHECK(response.status == 404);
  CHECK(response.headers.get("Content-Type") == "application/taxii+json;version=2.1");
  const Answer answer(response);
  CHECK(answer.text("title") == "Not Found");
  CHECK(answer.text("http_status") == "404");
  CHECK(!answer.text("description").empty());
}

TEST_CASE("what Accept does not take is answered with 406, on every address") {
  World world;
  const auto circle = world.add_circle("a", {world.cert});
  const auto ann = world.caller_of(world.cert, "ann");
  const auto base = "/api1/collections/" + circle.id.text();
  for (const auto& target : {std::string("/taxii2/"),
                             std::string("/api1/"),
                             std::string("/api1/collections/"),
                             base + "/",
                             base + "/objects/",
                             base + "/manifest/"}) {
    CAPTURE(target);
    CHECK(world.ask(ann, net::Method::get, target, {}, {{"Accept", "application/json"}}).status == 406);
  }
}

TEST_CASE("each account sees the circles its organisation is inside of, with its own rights") {
  World world;
  const auto both = world.add_circle("both", {world.cert, world.company});
  world.clock.advance(seconds(1));
  auto restricted = world.circle_of("restricted", {world.cert, world.company});
  restricted.members_write = false;
  world.put(restricted);
  world.clock.advance(seconds(1));
  world.add_circle("own", {world.cert});

  const Answer company(world.get(world.caller_of(world.company, "ann"), "/api1/collections/"));
  CHECK(company.ids("collections") == std::vector<std::string>{both.id.text(), restricted.id.text()});
  const Answer one(
      world.get(world.caller_of(world.company, "ann"), "/api1/collections/" + restricted.id.text() + "/"));
  CHECK(one.root().find("can_read")->boolean());
  CHECK(!one.root().find("can_write")->boolean());
  CHECK(one.text("alias") == "restricted");
  CHECK(texts_of(one.root(), "media_types") == std::vector<std::string>{"application/stix+json;version=2.1"});
  CHECK(world.get(world.caller_of(world.stranger, "eve"), "/api1/collections/").bytes() == "{}");
}

TEST_CASE("an alias stands for the collection id everywhere") {
  World world;
  const auto circle = world.add_circle("intel", {world.cert});
  const auto ann = world.caller_of(world.cert, "ann");
  CHECK(world.ask(ann, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(1)}))
            .status == 202);
  for (const auto rest : {"/", "/objects/", "/manifest/"}) {
    const auto by_alias = world.get(ann, std::string("/api1/collections/intel") + rest);
    CHECK(by_alias.status == 200);
    CHECK(by_alias.bytes() == world.get(ann, "/api1/collections/" + circle.id.text() + rest).bytes());
  }
}

TEST_CASE("a circle of others, or of another API root, is as absent as one that never was") {
  World world;
  world.add_root({.name = "api2", .title = "Two"});
  const auto circle = world.add_circle("intel", {world.cert});
  const auto eve = world.caller_of(world.stranger, "eve");
  const auto absent = world.get(eve, "/api1/collections/" + CircleId::random(world.random).text() + "/");
  CHECK(absent.status == 404);
  CHECK(world.get(eve, "/api1/collections/" + circle.id.text() + "/").bytes() == absent.bytes());
  CHECK(world.get(eve, "/api1/collections/intel/").bytes() == absent.bytes());
  CHECK(world.get(eve, "/api1/collections/intel/objects/").bytes() == absent.bytes());
  CHECK(world.get(world.caller_of(world.cert, "ann"), "/api2/collections/intel/").bytes() == absent.bytes());
}

TEST_CASE("an account without the right gets 403 where its organisation is inside") {
  World world;
  auto circle = world.circle_of("closed", {world.cert, world.company});
  circle.members_read = false;
  circle.members_write = false;
  world.put(circle);
  const auto ann = world.caller_of(world.company, "ann");
  CHECK(world.get(ann, "/api1/collections/closed/").status == 200);
  CHECK(world.get(ann, "/api1/collections/closed/objects/").status == 403);
  CHECK(world.get(ann, "/api1/collections/closed/manifest/").status == 403);
  CHECK(world.ask(ann, net::Method::post, "/api1/collections/closed/objects/", envelope({indicator(1)}))
            .status == 403);
}

TEST_CASE("the collection of everything shows what comes from every circle, and takes nothing") {
  World world;
  const auto everything = CircleId::random(world.random);
  world.add_root({.name = "all", .title = "All", .everything = everything});
  world.add_circle("one", {world.cert});
  world.add_circle("two", {world.cert, world.company});
  const auto ann = world.caller_of(world.cert, "ann");
  world.ask(ann, net::Method::post, "/api1/collections/one/objects/", envelope({indicator(1)}));
  world.ask(ann, net::Method::post, "/api1/collections/two/objects/", envelope({indicator(2)}));
  const auto target = "/all/collections/" + everything.text();
  CHECK(Answer(world.get(ann, target + "/objects/")).ids().size() == 2);
  const auto bob = world.caller_of(world.company, "bob");
  CHECK(Answer(world.get(bob, target + "/objects/")).ids().size() == 1);
  CHECK(world.get(world.caller_of(world.stranger, "eve"), target + "/objects/").bytes() == "{}");
  CHECK(world.ask(ann, net::Method::post, target + "/objects/", envelope({indicator(3)})).status == 403);
  CHECK(Answer(world.get(ann, "/all/collections/")).ids("collections") ==
        std::vector<std::string>{everything.text()});
}

TEST_CASE("the collection of everything leaves out a circle that the account may not read") {
  World world;
  const auto everything = CircleId::random(world.random);
  world.add_root({.name = "all", .title = "All", .everything = everything});
  auto closed = world.circle_of("closed", {world.cert, world.company});
  closed.members_read = false;
  world.put(closed);
  world.add_circle("open", {world.cert, world.company});
  auto ann = world.caller_of(world.cert, "ann");
  const ledger::Row<ledger::Circle> before = *ledger::read_circle(world.store->records(), closed.id);
  closed.grants = {{.account = ann.account}};
  world.put(closed, &before);
  world.ask(ann, net::Method::post, "/api1/collections/closed/objects/", envelope({indicator(1)}));
  world.ask(ann, net::Method::post, "/api1/collections/open/objects/", envelope({indicator(2)}));
  const auto target = "/all/collections/" + everything.text() + "/objects/";
  CHECK(Answer(world.get(ann, target)).ids().size() == 2);
  CHECK(Answer(world.get(world.caller_of(world.company, "bob"), target)).ids().size() == 1);
}

TEST_CASE("a status is kept for the account that sent, and for nobody else") {
  World world;
  world.add_root({.name = "api2", .title = "Two"});
  world.add_circle("intel", {world.cert});
  const auto ann = world.caller_of(world.cert, "ann");
  const auto response =
      world.ask(ann, net::Method::post, "/api1/collections/intel/objects/", envelope({indicator(1)}));
  const auto id = Answer(response).text("id");
  CHECK(world.get(ann, "/api1/status/" + id + "/").bytes() == response.bytes());
  world.clock.advance(hours(24));
  CHECK(world.get(ann, "/api1/status/" + id + "/").status == 200);
  CHECK(world.get(ann, "/api2/status/" + id + "/").status == 404);
  CHECK(world.get(world.caller_of(world.cert, "other"), "/api1/status/" + id + "/").status == 404);
  CHECK(world.get(ann, "/api1/status/22101993/").status == 404);
  world.clock.advance(hours(25));
  CHECK(world.get(ann, "/api1/status/" + id + "/").status == 404);
}
