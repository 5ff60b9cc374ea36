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

/// Where a reader stands who has read on to the end: behind the last event, or where it is told to begin.
std::string last_id(World& world, const api::Caller& caller, const std::string& after = "") {
  net::Headers headers;
  if (!after.empty()) headers.add("Last-Event-ID", after);
  const auto text = world.ask(caller, net::Method::get, "/api/v1/changes", {}, headers).body;
  const auto at = text.rfind("id: ");
  return text.substr(at + 4, text.find('\n', at) - at - 4);
}

/// "opened 1, added 3": what the events are about, by number of their indicator.
std::string told(const std::vector<Event>& events) {
  std::string all;
  for (const auto& event : events)
    for (int number = 1; number < 10; ++number)
      if (event.data.find(indicator_id(number)) != std::string::npos)
        all += fmt::format("{}{} {}", all.empty() ? "" : ", ", event.kind, number);
  return all;
}

/// A circle that the company's account may not read until it is granted.
struct Closed : World {
  Closed() {
    change_circle(circle_id, [](ledger::Circle& circle) { circle.members_read = false; });
    for (const int number : {1, 2, 3})
      post(at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(number));
  }
  void grant() {
    change_circle(circle_id, [&](ledger::Circle& circle) {
      circle.grants = {{.account = at_company().account, .can_read = true}};
    });
  }
};

}  // namespace

TEST_CASE("what wider rights let an account see is opened to it, once, before what changes later") {
  Closed world;
  const auto before = last_id(world, world.at_company());
  CHECK(changes(world, world.at_company(), before).empty());
  world.grant();
  const auto events = changes(world, world.at_company(), before);
  CHECK(told(events) == "opened 1, opened 2, opened 3");
  REQUIRE(events.size() == 3);
  // Cut off in the middle, it goes on there.
  CHECK(told(changes(world, world.at_company(), events[0].id)) == "opened 2, opened 3");
  const auto after = last_id(world, world.at_company(), before);
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(4));
  CHECK(told(changes(world, world.at_company(), after)) == "added 4");
  CHECK(told(changes(world, world.at_company(), before)) == "opened 1, opened 2, opened 3, added 4");
  CHECK(told(changes(world, world.at_company())) == "added 1, added 2, added 3, added 4");
  CHECK(changes(world, world.at_cert(), last_id(world, world.at_cert())).empty());
}

TEST_CASE("a compartment that an account gains opens what it was closed for") {
  World world;
  const auto compartment = CompartmentId{Uuid::named(Uuid{}, "compartment")};
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.change_circle(world.circle_id,
                      [&](ledger::Circle& circle) { circle.label.compartments = {compartment}; });
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(2));
  const auto before = last_id(world, world.at_company());
  auto inside = world.at_company();
  auto subject = inside.scope.subject();
  subject.compartments = {compartment};
  inside.scope = policy::Scope::of(subject);
  CHECK(told(changes(world, inside, before)) == "opened 2");
  // Rights that became narrower open nothing and withdraw it, once.
  const auto wide = last_id(world, inside, before);
  const auto events = changes(world, world.at_company(), wide);
  CHECK(told(events) == "withdrawn 2");
  REQUIRE(events.size() == 1);
  CHECK(events[0].data.find("name2") == std::string::npos);  // its id and version, no more
  CHECK(changes(world, world.at_company(), last_id(world, world.at_company(), wide)).empty());
  CHECK(changes(world, world.at_stranger(), last_id(world, world.at_stranger())).empty());
}

TEST_CASE("rights that became other ones withdraw and open, in the order of what they are about") {
  World world;
  const CompartmentId rooms[] = {{Uuid::named(Uuid{}, "one")}, {Uuid::named(Uuid{}, "two")}};
  const auto put = [&](int number, std::vector<CompartmentId> compartments) {
    world.change_circle(world.circle_id,
                        [&](ledger::Circle& circle) { circle.label.compartments = compartments; });
    world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(number));
  };
  const auto inside = [&](CompartmentId room) {
    auto caller = world.at_company();
    auto subject = caller.scope.subject();
    subject.compartments = {room};
    caller.scope = policy::Scope::of(std::move(subject));
    return caller;
  };
  put(1, {rooms[0]});
  put(2, {rooms[1]});
  put(3, {});
  put(4, {rooms[0]});
  const auto there = last_id(world, inside(rooms[0]));
  CHECK(told(changes(world, inside(rooms[1]), there)) == "withdrawn 1, opened 2, withdrawn 4");
  // Cut off in the middle, it goes on there.
  const auto middle = changes(world, inside(rooms[1]), there).at(1).id;
  CHECK(told(changes(world, inside(rooms[1]), middle)) == "withdrawn 4");
}

TEST_CASE("what a reader still has by another holding is not withdrawn") {
  World world;
  const CompartmentId room{Uuid::named(Uuid{}, "one")};
  world.change_circle(world.circle_id, [&](ledger::Circle& circle) { circle.label.compartments = {room}; });
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.change_circle(world.circle_id, [&](ledger::Circle& circle) { circle.label.compartments = {}; });
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  auto inside = world.at_company();
  auto subject = inside.scope.subject();
  subject.compartments = {room};
  inside.scope = policy::Scope::of(std::move(subject));
  CHECK(changes(world, world.at_company(), last_id(world, inside)).empty());
}

TEST_CASE("who joins a circle later is told nothing of what was shared before") {
  World world;
  const auto before = last_id(world, world.at_stranger());
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  world.change_circle(world.circle_id,
                      [&](ledger::Circle& circle) { ledger::enter(circle, world.stranger); });
  CHECK(changes(world, world.at_stranger(), before).empty());
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(2));
  CHECK(told(changes(world, world.at_stranger(), before)) == "added 2");
}

TEST_CASE("rights that change again while what they open is told leave nothing out") {
  Closed world;
  const auto before = last_id(world, world.at_company());
  world.grant();
  const auto middle = changes(world, world.at_company(), before).at(1).id;
  const auto other = world.circle("d", {world.cert, world.company});
  world.post(world.at_cert(), "/api/v1/objects?circle=d&tlp=green", indicator(5));
  const auto rest = told(changes(world, world.at_company(), middle));
  CHECK(rest.find("opened 3") != std::string::npos);
  CHECK(rest.find("added 5") != std::string::npos);
  CHECK(!other.is_nil());
}

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

TEST_CASE("a reader to whom most is hidden keeps nobody waiting while the stream looks through it") {
  /// A third of a second for every look at it.
  struct SlowClock final : Clock {
    Timestamp now() const override { return Timestamp{1'700'000'000'000'000}; }
    Duration steady() const override { return Duration{looks++ * 300'000}; }
    mutable std::atomic<std::int64_t> looks = 0;
  };
  World world;
  Texts hidden;
  for (int number = 10; number < 600; ++number) hidden.push_back(indicator(number));
  world.post(world.at_cert(), "/api/v1/objects", bundle(hidden));
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=green", indicator(1));
  const SlowClock slow;
  const auto target = *net::parse_target("/api/v1/changes?from=beginning");
  const net::Request request{.method = net::Method::get};
  auto& all = world.services;
  api::Services services{.store = all.store,
                         .clock = const_cast<SlowClock&>(slow),
                         .random = all.random,
                         .fs = all.fs,
                         .net = all.net,
                         .sealer = all.sealer};
  api::Call call{services, request, target, {}, world.at_company(), slow.now(), Deadline::none()};
  auto http = std::move(*world.router.find(net::Method::get, target).route->handler(call)).into_http();
  Bytes piece;
  CHECK(http.stream->next(piece) == net::Poll::chunk);  // the greeting
  int waits = 0;
  for (piece.clear(); http.stream->next(piece) == net::Poll::wait && waits < 20;) ++waits;
  CHECK(waits >= 1);
  CHECK(piece.find(indicator_id(1)) != std::string::npos);
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
