// The server against real sockets on loopback.
#include "net/server.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/testing.h"
#include "net/transport.h"

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

namespace {

constexpr std::string_view get_close = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

std::string post(std::string_view body, std::string_view fields = "") {
  return fmt::format("POST /x HTTP/1.1\r\nHost: a\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n{}",
                     fields,
                     body.size(),
                     body);
}

ServerOptions with_limits(Limits limits) {
  return {.listeners = {ListenerOptions{}}, .limits = limits};
}

}  // namespace

TEST_CASE("a request is answered, and the connection closed when the client asks for that") {
  TestServer node({}, echo);
  const auto answer = ask(node.port(), get_close);
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer) == "GET /x ");
  CHECK(answer.contains("Connection: close\r\n"));
  CHECK(answer.contains("Date: "));
}

TEST_CASE("a connection serves one request after another, also when they come all at once") {
  TestServer node({}, echo);
  RawSocket socket(node.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i);
  REQUIRE(socket.say(all));
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    CHECK(socket.hear_until(fmt::format("GET /{} ", i)).starts_with("HTTP/1.1 200 OK\r\n"));
  }
  CHECK(node.server->counters().connections_accepted == 1);
  CHECK(node.server->counters().requests == 50);
}

TEST_CASE("HTTP/1.0 is closed after the answer, unless it asks to be kept") {
  TestServer node({}, echo);
  CHECK(status_of(ask(node.port(), "GET /x HTTP/1.0\r\n\r\n")) == 200);
  RawSocket socket(node.port());
  socket.say("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(socket.hear_until("GET /1 ").contains("Connection: keep-alive\r\n"));
  socket.say("GET /2 HTTP/1.0\r\n\r\n");
  CHECK(body_of(socket.hear_all()) == "GET /2 ");
}

TEST_CASE("HEAD gives the length of what GET would give, and nothing of it") {
  TestServer node({}, [](Request&&) { return Response{.body = "12345"}; });
  const auto answer = ask(node.port(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(answer.contains("Content-Length: 5\r\n"));
  CHECK(body_of(answer).empty());
}

TEST_CASE("a body comes in whole, by length or in chunks, in any pieces") {
  TestServer node({}, echo);
  CHECK(body_of(ask(node.port(), post("hello"))) == "POST /x hello");
  const std::string chunked =
      "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
  CHECK(body_of(ask(node.port(), chunked)) == "POST /x hello");
  RawSocket slow(node.port());
  for (const char c : chunked) {
    slow.say({&c, 1});
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  CHECK(body_of(slow.hear_all()) == "POST /x hello");
  const std::string large(5 << 20, 'x');
  TestServer counting(
      {}, [](Request&& request) { return Response{.body = fmt::format("{}", request.body.size())}; });
  CHECK(body_of(ask(counting.port(), post(large))) == fmt::format("{}", large.size()));
}

TEST_CASE("who expects 100-continue is told to go on before the body comes") {
  TestServer node({}, echo);
  RawSocket socket(node.port());
  socket.say("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(socket.hear_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  socket.say("hello");
  CHECK(socket.hear_until("hello").contains("HTTP/1.1 200 OK\r\n"));
  CHECK(status_of(ask(node.port(),
                      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 5\r\n\r\n")) ==
        417);
}

TEST_CASE("what breaks HTTP is refused and the connection ends") {
  TestServer node({}, echo);
  const std::vector<std::pair<std::string, int>> broken = {
      {"GET / HTTP/1.1\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},  // at once: no end of the head ever comes
      {"GET / HTTP/1.1\r\nHost: a\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(16 << 10, 'x') + "\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40 << 10, 'x'), 431},
  };
  for (const auto& [request, status] : broken) {
    CAPTURE(request);
    const auto answer = ask(node.port(), request);
    CHECK(status_of(answer) == status);
    CHECK(answer.contains("application/problem+json"));
    CHECK(answer.find("HTTP/1.1", 8) == std::string::npos);  // nothing of what follows is answered
  }
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 200; ++i) many += "X: 1\r\n";
  CHECK(status_of(ask(node.port(), many + "\r\n")) == 431);
  CHECK(node.server->counters().requests_refused == broken.size() + 1);
}

TEST_CASE("a request cut short by its sender is refused") {
  TestServer node({}, echo);
  RawSocket socket(node.port());
  socket.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello");
  socket.end();
  CHECK(status_of(socket.hear_all()) == 400);
}

TEST_CASE("a body beyond the limit is refused, announced or not") {
  TestServer node(with_limits({.body_bytes = 1000}), echo);
  CHECK(status_of(ask(node.port(), post(std::string(1000, 'x')))) == 200);
  CHECK(status_of(ask(node.port(), post(std::string(1001, 'x')))) == 413);
  CHECK(status_of(ask(node.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n")) ==
        413);
  std::string chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 200; ++i) chunks += "a\r\n0123456789\r\n";
  CHECK(status_of(ask(node.port(), chunks)) == 413);
}

TEST_CASE("bodies that together take too much memory are asked to come back later") {
  TestServer node(with_limits({.bodies_bytes = 1000}), echo);
  RawSocket first(node.port());
  first.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" + std::string(800, 'x'));
  const auto busy = [&] { return status_of(ask(node.port(), post(std::string(500, 'x')))) == 503; };
  CHECK(soon(busy));
  first.say(std::string(100, 'x'));
  CHECK(status_of(first.hear_until(std::string(900, 'x'))) == 200);
  CHECK(soon([&] { return status_of(ask(node.port(), post(std::string(500, 'x')))) == 200; }));
}

TEST_CASE("a head that does not come in time ends the connection") {
  TestServer node(with_limits({.head_time = milliseconds(200)}), echo);
  RawSocket socket(node.port());
  socket.say("GET / HTTP/1.1\r\n");
  std::thread drip([&] {
    for (int i = 0; i < 100 && socket.say("X"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  CHECK(status_of(socket.hear_all()) == 408);
  drip.join();
  CHECK(node.server->counters().timed_out == 1);
}

TEST_CASE("a body that comes too slowly ends the connection, a slow but steady one does not") {
  Limits limits{.rate_bytes_per_second = 1000, .rate_window = milliseconds(500)};  // a busy machine halts us
  TestServer node(with_limits(limits), echo);
  RawSocket slow(node.port());
  slow.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
  CHECK(status_of(slow.hear_all()) == 408);  // the fast start did not buy it more time
  RawSocket steady(node.port());
  steady.say("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4000\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    steady.say(std::string(100, 'y'));
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
  }
  CHECK(status_of(steady.hear_all()) == 200);
}

TEST_CASE("who does not read its answer is dropped") {
  Limits limits{.rate_bytes_per_second = 1000, .rate_window = milliseconds(200)};
  const auto page = std::make_shared<const Bytes>(Bytes(16 << 20, 'p'));
  TestServer node(with_limits(limits), [&](Request&&) { return Response{.shared_body = page}; });
  RawSocket socket(node.port(), 4096);
  socket.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(soon([&] { return node.server->counters().timed_out == 1; }));
  CHECK(soon([&] { return node.server->counters().connections_open == 0; }));
}

TEST_CASE("a connection without requests is closed after the idle time") {
  TestServer node(with_limits({.idle_time = milliseconds(100)}), echo);
  RawSocket socket(node.port());
  REQUIRE(soon([&] { return node.server->counters().connections_accepted == 1; }));
  CHECK(soon([&] { return node.server->counters().connections_open == 0; }));
  CHECK(socket.hear_all().empty());
  CHECK(node.server->counters().timed_out == 0);  // nobody was slow
}

namespace {

/// Handlers that wait until they are let go.
struct Gate {
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  std::atomic<int> inside{0};

  Response pass(Request&&) {
    ++inside;
    std::unique_lock lock(mutex);
    opened.wait(lock, [this] { return open; });
    return {.body = "passed"};
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    opened.notify_all();
  }
};

}  // namespace

TEST_CASE("when the pool is full the caller is told to come back, and the connection lives on") {
  Gate gate;
  ThreadPool pool(1, 1);
  auto started = Server::start(
      {.listeners = {ListenerOptions{}}}, [&](Request&& r) { return gate.pass(std::move(r)); }, pool);
  REQUIRE(started);
  auto& server = **started;
  RawSocket running(server.port());
  running.say(get_close);
  REQUIRE(soon([&] { return gate.inside == 1; }));
  RawSocket waiting(server.port());
  waiting.say(get_close);
  REQUIRE(soon([&] { return pool.waiting() == 1; }));
  RawSocket third(server.port());
  third.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto answer = third.hear_until("}");
  CHECK(status_of(answer) == 503);
  CHECK(answer.contains("Retry-After: 1\r\n"));
  gate.let_go();
  CHECK(body_of(running.hear_all()) == "passed");
  CHECK(body_of(waiting.hear_all()) == "passed");
  third.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(body_of(third.hear_all()) == "passed");
  CHECK(server.counters().requests_busy == 1);
  server.stop(seconds(1));
}

TEST_CASE("stopping lets running requests finish and accepts nobody more") {
  Gate gate;
  TestServer node({}, [&](Request&& r) { return gate.pass(std::move(r)); });
  RawSocket idle(node.port());
  RawSocket running(node.port());
  running.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(soon([&] { return gate.inside == 1; }));
  std::thread stopper([&] { node.server->stop(seconds(5)); });
  CHECK(idle.hear_all().empty());
  CHECK_FALSE(RawSocket(node.port()).connected());
  gate.let_go();
  const auto answer = running.hear_all();
  CHECK(body_of(answer) == "passed");
  CHECK(answer.contains("Connection: close\r\n"));
  stopper.join();
}

TEST_CASE("stopping does not wait longer than its grace, and a late answer harms nobody") {
  Gate gate;
  auto node =
      std::make_unique<TestServer>(ServerOptions{}, [&](Request&& r) { return gate.pass(std::move(r)); });
  RawSocket running(node->port());
  running.say(get_close);
  REQUIRE(soon([&] { return gate.inside == 1; }));
  const auto before = std::chrono::steady_clock::now();
  node->server->stop(milliseconds(100));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
  CHECK(running.hear_all().empty());
  gate.let_go();
  node.reset();
}

TEST_CASE("deadlines are read on the clock that was given, so that they can all be made to pass") {
  ManualClock deadlines(Timestamp{});
  std::atomic<int> inside = 0;
  TestServer node({.deadlines = &deadlines}, [&](Request&& request) {
    ++inside;
    while (!request.deadline.passed()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return problem(503, "too late");
  });
  RawSocket running(node.port());
  running.say(get_close);
  REQUIRE(soon([&] { return inside == 1; }));
  std::thread stopper([&] { node.server->stop(seconds(20)); });
  deadlines.advance(hours(1));
  CHECK(status_of(running.hear_all()) == 503);
  stopper.join();
}

TEST_CASE("a handler that throws answers 500 and says nothing of why") {
  TestServer node({}, [](Request&&) -> Response { throw std::runtime_error("secret"); });
  log::set_level(log::Level::off);
  const auto answer = ask(node.port(), get_close);
  log::set_level(log::Level::info);
  CHECK(status_of(answer) == 500);
  CHECK_FALSE(answer.contains("secret"));
}

TEST_CASE("one address gets only so many connections") {
  TestServer node(with_limits({.connections_per_address = 3, .limit_loopback = true}), echo);
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (int i = 0; i < 3; ++i) sockets.push_back(std::make_unique<RawSocket>(node.port()));
  REQUIRE(soon([&] { return node.server->counters().connections_open == 3; }));
  CHECK(RawSocket(node.port()).hear_all().empty());
  CHECK(node.server->counters().connections_refused == 1);
  sockets.pop_back();
  REQUIRE(soon([&] { return node.server->counters().connections_open == 2; }));
  CHECK(status_of(ask(node.port(), get_close)) == 200);
}

TEST_CASE("when all places are taken the longest idle connection makes way") {
  TestServer node(with_limits({.connections = 2}), echo);
  RawSocket first(node.port());
  REQUIRE(soon([&] { return node.server->counters().connections_open == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  RawSocket second(node.port());
  REQUIRE(soon([&] { return node.server->counters().connections_open == 2; }));
  CHECK(status_of(ask(node.port(), get_close)) == 200);
  CHECK(first.hear_all().empty());
  second.say(get_close);
  CHECK(status_of(second.hear_all()) == 200);
}

TEST_CASE("without free file descriptors callers are sent away, and served again when there are some") {
  TestServer node({}, echo);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const Descriptor caller(::socket(AF_INET, SOCK_STREAM, 0));
  const rlimit few{.rlim_cur = static_cast<rlim_t>(caller.number()) + 20, .rlim_max = before.rlim_max};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(node.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  log::set_level(log::Level::off);
  int connected = -1;
  ssize_t heard = 1;
  std::uint64_t refused = 0;
  // Nothing is asserted in here: the sanitizer's look at an object's type opens a pipe, for which none is
  // left.
  {
    std::vector<Descriptor> fillers;
    while (fillers.empty() || fillers.back().open()) fillers.emplace_back(::dup(caller.number()));
    connected = ::connect(caller.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    char byte = 0;
    heard = ::recv(caller.number(), &byte, 1, 0);
    refused = node.server->counters().connections_refused;
  }
  log::set_level(log::Level::info);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(connected == 0);
  CHECK(heard <= 0);
  CHECK(refused == 1);
  CHECK(status_of(ask(node.port(), get_close)) == 200);
}

TEST_CASE("a port in use is an error that names it, and so is an address that is not ours") {
  TestServer node({}, echo);
  ThreadPool pool(1, 1);
  const auto taken = Server::start({.listeners = {{.port = node.port()}}}, echo, pool);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == ErrorCode::unavailable);
  CHECK(taken.error().message.contains(fmt::format("127.0.0.1 port {}", node.port())));
  CHECK_FALSE(Server::start({.listeners = {{.address = "192.0.2.1"}}}, echo, pool));
  CHECK_FALSE(Server::start({.listeners = {{.address = "localhost"}}}, echo, pool));
}

TEST_CASE("a Unix socket serves its owner, tells who is there, and is gone afterwards") {
  const auto path = fmt::format("/tmp/shieldwall-net-test-{}.sock", ::getpid());
  {
    TestServer node({.listeners = {{.role = ListenerRole::local, .address = path}}}, [](Request&& request) {
      return Response{.body = fmt::format("{} {}", request.peer_uid.value_or(99999), name_of(request.role))};
    });
    Client client({.local_socket = path});
    const auto answer = get(client, "http://localhost/");
    REQUIRE(answer);
    CHECK(answer->body == fmt::format("{} local", ::getuid()));
    ThreadPool pool(1, 1);
    CHECK_FALSE(Server::start({.listeners = {{.role = ListenerRole::local, .address = path}}}, echo, pool));
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}
