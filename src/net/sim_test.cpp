// The simulator's network and executor.
#include "net/sim.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::net;

namespace {

struct World {
  SeededRandom random;
  ManualClock clock{Timestamp{}};
  SimNet net{random, clock};
  explicit World(std::uint64_t seed = 1) : random(seed) {}
};

Url at(const std::string& text) {
  return *Url::parse(text);
}

std::string order_of(std::uint64_t seed) {
  SeededRandom random(seed);
  SimExecutor executor(random);
  std::string order;
  for (char c = 'a'; c <= 'j'; ++c) CHECK(executor.post([&order, c] { order += c; }));
  executor.run_until_idle();
  return order;
}

}  // namespace

TEST_CASE("a seed fixes the order of work, and another seed gives another") {
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
  CHECK(order_of(1).size() == 10);
}

TEST_CASE("work may post more work, and a full queue says so") {
  SeededRandom random(1);
  SimExecutor executor(random, 1);
  int left = 5;
  std::function<void()> again = [&] {
    if (--left > 0) CHECK(executor.post(again));
  };
  CHECK(executor.post(again));
  CHECK_FALSE(executor.post([] {}));
  CHECK(executor.run_until_idle() == 5);
}

TEST_CASE("a request reaches the node it names and tells who sent it") {
  World world;
  const Digest pin = sha256("a");
  world.net.listen("b", 443, [&](Request&& request) {
    CHECK(request.peer_address == "a");
    CHECK(request.client_certificate_pin == pin);
    CHECK(request.role == ListenerRole::members);
    return Response{.body = request.target + " " + request.body};
  });
  const auto a = world.net.port_of("a", pin);
  const auto answer =
      a->send(at("https://b/x?y=z"), Request{.method = Method::post, .body = "hello"}, Deadline::none());
  REQUIRE(answer);
  CHECK(answer->body == "/x?y=z hello");
  CHECK_FALSE(a->send(at("https://c/"), Request{}, Deadline::none()));
  CHECK_FALSE(a->send(at("http://b/"), Request{}, Deadline::none()));
}

TEST_CASE("a cut link costs the sender its patience, one way loses the request and the other the answer") {
  World world;
  int handled = 0;
  world.net.listen("b", 443, [&](Request&&) { return ++handled, Response{}; });
  const auto a = world.net.port_of("a");
  const auto ask = [&] {
    return a->send(at("https://b/"), Request{}, Deadline::in(seconds(5), world.clock));
  };
  CHECK(ask());
  world.net.cut("a", "b");
  const auto before = world.clock.steady();
  CHECK(ask().error().code == ErrorCode::unavailable);
  CHECK(Duration{world.clock.steady().us - before.us} == seconds(5));
  CHECK(handled == 1);
  world.net.heal("a", "b");
  world.net.cut("b", "a");
  CHECK_FALSE(ask());
  CHECK(handled == 2);
  world.net.heal_all();
  CHECK(ask());
}

TEST_CASE("a node that is shut refuses, and one that crashes while it works never answers") {
  World world;
  world.net.listen("b", 443, [&](Request&&) {
    world.net.shut("b", 443);
    return Response{};
  });
  const auto a = world.net.port_of("a");
  CHECK_FALSE(a->send(at("https://b/"), Request{}, Deadline::none()));
  CHECK(a->send(at("https://b/"), Request{}, Deadline::none()).error().message.contains("refused"));
  world.net.listen("b", 443, [](Request&&) { return Response{.status = 204}; });
  CHECK(a->send(at("https://b/"), Request{}, Deadline::none())->status == 204);
}

TEST_CASE("bad weather loses and doubles messages, the same ones for the same seed") {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    world.net.weather = {
        .requests_lost = 200, .answers_lost = 200, .requests_doubled = 200, .delay_max = milliseconds(50)};
    int handled = 0;
    world.net.listen("b", 443, [&](Request&&) { return ++handled, Response{}; });
    const auto a = world.net.port_of("a");
    std::string outcome;
    for (int i = 0; i < 200; ++i)
      outcome += a->send(at("https://b/"), Request{}, Deadline::in(seconds(5), world.clock)) ? '+' : '-';
    return fmt::format("{} {} {}", outcome, handled, world.clock.steady().us);
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
  CHECK(run(1).contains('-'));
  CHECK(run(1).contains('+'));
}

TEST_CASE("streams, sinks and limits work as with the real client") {
  struct Three final : Stream {
    int left = 3;
    Poll next(Bytes& chunk) override {
      chunk = "x";
      return left-- > 1 ? Poll::chunk : Poll::end;
    }
  };
  struct Sink final : BodySink {
    Bytes taken;
    Done write(std::string_view piece) override {
      taken += piece;
      return {};
    }
  };
  World world;
  world.net.listen("b", 443, [](Request&&) { return Response{.stream = std::make_shared<Three>()}; });
  const auto a = world.net.port_of("a");
  CHECK(a->send(at("https://b/"), Request{}, Deadline::none())->body == "xxx");
  CHECK(a->send(at("https://b/"), Request{}, SendOptions{.body_bytes_max = 2}).error().code ==
        ErrorCode::exhausted);
  Sink sink;
  CHECK(a->send(at("https://b/"), Request{}, SendOptions{.into = &sink})->body.empty());
  CHECK(sink.taken == "xxx");
}
