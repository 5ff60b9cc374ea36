#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

struct Event {
  std::string id, kind, data;
};

std::vector<Event> events_in(std::string_view text) {
  std::vector<Event> events;
  Event event;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with("id: ")) event.id = line.substr(4);
    if (line.starts_with("event: ")) event.kind = line.substr(7);
    if (line.starts_with("data: ")) event.data = line.substr(6);
    if (line.empty() && !event.kind.empty()) events.push_back(std::exchange(event, {}));
  }
  return events;
}

std::vector<Event> changes(World& world,
                           const api::Caller& caller,
                           const std::string& after = "",
                           const std::string& target = "/api/v1/changes?from=beginning") {
  net::Headers headers;
  if (!after.empty()) headers.add("Last-Event-ID", after);
  const auto answer = world.ask(caller, net::Method::get, target, {}, headers);
  CHECK(answer.headers.get("content-type") == "text/event-stream");
  return events_in(answer.body);
}

}  // namespace

TEST_CASE("changes tell each reader what was added for it, once, and go on after an event's id") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.post(world.at_cert(), "/api/v1/objects", indicator(2));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(3));
  const auto seen = changes(world, world.at_company());
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].kind == "added");
  CHECK(seen[0].data.find(indicator_id(1)) != std::string::npos);
  CHECK(seen[1].data.find(indicator_id(3)) != std::string::npos);
  const auto rest = changes(world, world.at_company(), seen[0].id);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].data == seen[1].data);
  CHECK(changes(world, world.at_company(), seen[1].id).empty());
  CHECK(changes(world, world.at_cert()).size() == 3);
}

TEST_CASE("without an id the stream begins now, and is taken up again where it was cut off") {
  for (const int before : {0, 1, 2, 3, 4, 7, 8, 9, 100}) {
    CAPTURE(before);
    World world;
    for (int i = 0; i < before; ++i)
      world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(i));
    const auto greeting = world.get(world.at_company(), "/api/v1/changes").body;
    CHECK(events_in(greeting).empty());
    REQUIRE(greeting.starts_with("id: "));
    const auto id = greeting.substr(4, greeting.find('\n') - 4);
    world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(200));
    CHECK(changes(world, world.at_company(), "", "/api/v1/changes").empty());
    const auto missed = changes(world, world.at_company(), id, "/api/v1/changes");
    REQUIRE(missed.size() == 1);
    CHECK(missed[0].data.find(indicator_id(200)) != std::string::npos);
    CHECK(changes(world, world.at_company(), id).size() == 1);  // an id counts before `from`
  }
  World world;
  CHECK(world.get(world.at_company(), "/api/v1/changes?from=yesterday").status == 400);
}

TEST_CASE("event ids are of one length, serve their own account alone, and tell no numbers") {
  World world;
  for (int i = 0; i < 3; ++i) world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(i));
  const auto seen = changes(world, world.at_company());
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].id.size() == seen[2].id.size());
  net::Headers headers{{"Last-Event-ID", seen[0].id}};
  CHECK(world.ask(world.at_cert(), net::Method::get, "/api/v1/changes", {}, headers).status == 400);
  CHECK(world.get(world.at_company(), "/api/v1/changes?after=1").status == 400);
}

TEST_CASE("a deletion and a passing embargo are changes") {
  World world;
  const auto opens = to_text(world.clock.now() + hours(1));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green&embargo=" + opens, indicator(2));
  world.ask(world.at_cert(), net::Method::delete_, "/api/v1/objects/" + indicator_id(1));
  world.clock.advance(hours(2));
  REQUIRE(world.store->objects().advance(world.clock.now()));
  const auto seen = changes(world, world.at_company());
  REQUIRE(!seen.empty());
  std::string kinds;
  for (const auto& event : seen) kinds += event.kind + " ";
  CAPTURE(kinds);
  CHECK(kinds.find("deleted") != std::string::npos);
  CHECK(kinds.find("opened") != std::string::npos);
  CHECK(changes(world, world.at_stranger()).empty());
}

TEST_CASE("a stream ends after a while, so that rights taken away count soon") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  const auto caller = world.at_company();
  const auto target = *net::parse_target("/api/v1/changes?from=beginning");
  const net::Request request{.method = net::Method::get};
  api::Call call{world.services, request, target, {}, caller, world.clock.now(), Deadline::none()};
  auto http = std::move(*world.router.find(net::Method::get, target).route->handler(call)).into_http();
  Bytes piece;
  CHECK(http.stream->next(piece) == net::Poll::chunk);
  piece.clear();
  CHECK(http.stream->next(piece) == net::Poll::chunk);
  piece.clear();
  CHECK(http.stream->next(piece) == net::Poll::wait);
  CHECK(!http.stream->heartbeat().empty());
  world.clock.advance(minutes(2));
  CHECK(http.stream->next(piece) == net::Poll::end);
}
