#include <atomic>
#include <chrono>
#include <future>

#include <doctest/doctest.h>

#include "server/limiter.h"
#include "server/test_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::server;
using net::Method;

namespace {

std::string cookie_of(const net::Response& response) {
  const std::string field(response.headers.get("Set-Cookie").value_or(""));
  const auto equals = field.find('=');
  return field.substr(equals + 1, field.find(';') - equals - 1);
}

As signed_in(NodeWorld& world, const std::string& account) {
  const auto answer = world.post(
      {}, "/api/v1/session", fmt::format(R"({{"account":"{}","password":"{}"}})", account, test_password));
  REQUIRE(answer.status == 200);
  return {.cookie = cookie_of(answer)};
}

net::Response mutate(NodeWorld& world, const As& as, std::optional<std::string> origin) {
  net::Request request{.method = Method::post, .target = "/api/v1/keys", .body = R"({"label":"x"})"};
  if (origin) request.headers.set("Origin", *origin);
  return world.send(std::move(request), as);
}

}  // namespace

TEST_CASE("a session's cookie is __Host-, Secure, HttpOnly and SameSite=Strict") {
  NodeWorld world;
  world.account("a", R"(["reader"])");
  const auto answer =
      world.post({}, "/api/v1/session", fmt::format(R"({{"account":"a","password":"{}"}})", test_password));
  const std::string field(answer.headers.get("Set-Cookie").value_or(""));
  CHECK(field.starts_with("__Host-session="));
  for (const auto* part : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age=43200"})
    CHECK(field.find(part) != std::string::npos);
  CHECK(field.find("Domain") == std::string::npos);
}

TEST_CASE(
    "a session ends after 30 idle minutes, after 12 hours, when signed out, and when the clock goes back") {
  NodeWorld world;
  world.account("a", R"(["reader"])");
  const auto idle = signed_in(world, "a");
  world.clock.advance(minutes(29));
  CHECK(world.get(idle, "/api/v1/me").status == 200);
  world.clock.advance(minutes(29));
  CHECK(world.get(idle, "/api/v1/me").status == 200);
  world.clock.advance(minutes(30));
  CHECK(world.get(idle, "/api/v1/me").status == 401);

  const auto busy = signed_in(world, "a");
  for (int i = 0; i < 47; ++i) {
    world.clock.advance(minutes(15));
    CHECK(world.get(busy, "/api/v1/me").status == 200);
  }
  world.clock.advance(minutes(15));
  CHECK(world.get(busy, "/api/v1/me").status == 401);

  const auto left = signed_in(world, "a");
  CHECK(world
            .send({.method = Method::delete_,
                   .target = "/api/v1/session",
                   .headers = {{"Origin", "https://node.example"}}},
                  left)
            .status == 204);
  CHECK(world.get(left, "/api/v1/me").status == 401);

  const auto back = signed_in(world, "a");
  world.clock.set_wall(world.clock.now() - hours(1));
  CHECK(world.get(back, "/api/v1/me").status == 401);
}

TEST_CASE("a session changes something only from a page of this node") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader"])");
  const auto session = signed_in(world, "a");
  CHECK(mutate(world, session, "https://node.example").status == 201);
  CHECK(mutate(world, session, "https://evil.example").status == 403);
  CHECK(mutate(world, session, "null").status == 403);
  CHECK(mutate(world, session, std::nullopt).status == 403);
  CHECK(mutate(world, a, std::nullopt).status == 201);            // a script, by Basic
  CHECK(mutate(world, a, "https://evil.example").status == 403);  // a browser that remembers Basic
}

TEST_CASE("a form of another site cannot send what a handler takes") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader"])");
  net::Request request{.method = Method::post, .target = "/api/v1/keys", .body = R"({"label":"x"})"};
  request.headers.set("Content-Type", "text/plain");
  CHECK(world.send(std::move(request), a).status == 415);
}

TEST_CASE("sessions and remembered passwords of an account end when its password, roles or state change") {
  NodeWorld world;
  const As local{.local = true};
  for (const auto& [method, path, body] :
       {std::tuple{Method::put, "/api/v1/accounts/a/password", R"({"password":"another horse battery"})"},
        std::tuple{Method::patch, "/api/v1/accounts/b", R"({"roles":["analyst"]})"},
        std::tuple{Method::patch, "/api/v1/accounts/c", R"({"disabled":true})"}}) {
    const std::string name(1, std::string_view(path)[17]);
    const auto as = world.account(name, R"(["reader"])");
    const auto session = signed_in(world, name);
    CHECK(world.get(as, "/api/v1/me").status == 200);
    CHECK(world.get(session, "/api/v1/me").status == 200);
    CHECK(world.ask(local, method, path, body).status == 200);
    CHECK(world.get(session, "/api/v1/me").status == 401);
    CHECK(world.get(as, "/api/v1/me").status == (name == "b" ? 200 : 401));
  }
}

TEST_CASE("a thousand guesses by every method and spelling come to ten") {
  NodeWorld world;
  world.account("victim", R"(["reader"])");
  const Method methods[] = {
      Method::get, Method::post, Method::put, Method::patch, Method::delete_, Method::head};
  const char* const spellings[] = {"victim", "VICTIM", "Victim", "viCTim"};
  const char* const paths[] = {"/api/v1/me", "/api/v1/keys", "/taxii2/", "/api/v1/circles", "/api/v1/me?x=1"};
  int tried = 0;
  for (int i = 0; i < 1000; ++i) {
    const As as{.account = spellings[i % 4],
                .password = fmt::format("guess number {}", i),
                .address = fmt::format("198.51.{}.{}", i / 250, i % 250)};
    const auto answer =
        i % 7 == 0 ? world.post({.address = as.address},
                                "/api/v1/session",
                                fmt::format(R"({{"account":"{}","password":"{}"}})", as.account, as.password))
                   : world.ask(as, methods[i % 6], paths[i % 5]);
    const bool limited = answer.status == 429;
    if (limited) CHECK(answer.headers.has("Retry-After"));
    if (answer.status == 401) ++tried;
    CHECK((limited || answer.status == 401 || answer.status == 404 || answer.status == 405));
  }
  CHECK(tried <= 10);
  // The right password has to wait as well, and then counts.
  CHECK(world.get({.account = "victim"}, "/api/v1/me").status == 429);
  world.clock.advance(minutes(5));
  CHECK(world.get({.account = "victim"}, "/api/v1/me").status == 200);
}

TEST_CASE("an address that fails for many accounts has to wait; its neighbours in the same /64 too") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader"])");
  int limited = 0;
  for (int i = 0; i < 60; ++i) {
    const auto answer = world.get(
        {.account = fmt::format("nobody{}", i), .address = fmt::format("2001:db8:1:2::{:x}", i + 1)},
        "/api/v1/me");
    limited += answer.status == 429 ? 1 : 0;
  }
  CHECK(limited == 10);
  CHECK(world.get({.account = "a", .address = "2001:db8:1:2::ffff"}, "/api/v1/me").status == 429);
  CHECK(world.get({.account = "a", .address = "2001:db8:1:3::1"}, "/api/v1/me").status == 200);
}

TEST_CASE("who is remembered signs in while somebody else guesses the account") {
  NodeWorld world;
  const auto a = world.account("a", R"(["reader"])");
  CHECK(world.get(a, "/api/v1/me").status == 200);
  for (int i = 0; i < 20; ++i)
    world.get({.account = "a", .password = "wrong wrong", .address = "203.0.113.9"}, "/api/v1/me");
  CHECK(
      world.get({.account = "a", .password = "wrong wrong", .address = "203.0.113.8"}, "/api/v1/me").status ==
      429);
  CHECK(world.get(a, "/api/v1/me").status == 200);
}

TEST_CASE("moving the wall clock gives nobody more tries") {
  NodeWorld world;
  world.account("a", R"(["reader"])");
  for (int i = 0; i < 12; ++i) world.get({.account = "a", .password = "wrong wrong"}, "/api/v1/me");
  world.clock.set_wall(world.clock.now() + days(1));
  CHECK(world.get({.account = "a"}, "/api/v1/me").status == 429);
}

TEST_CASE("the limiter forgets the oldest when somebody makes up names without end") {
  ManualClock clock{Timestamp{}};
  Limiter limiter(clock, {.tries = 1, .window = minutes(5)});
  CHECK(!limiter.attempt("first"));
  CHECK(limiter.attempt("first"));
  for (std::size_t i = 0; i < Limiter::names_max; ++i) {
    clock.advance(microseconds(1));
    (void)limiter.attempt(std::to_string(i));
  }
  CHECK(!limiter.attempt("first"));  // forgotten: memory is bounded, and 100,000 names cost the guesser more
  CHECK(limiter.attempt(std::to_string(Limiter::names_max - 1)));
}

TEST_CASE("the local socket serves the node's own user and root alone, and as a named account on request") {
  NodeWorld world;
  world.account("a", R"(["reader"])");
  const auto by = [&](std::optional<std::uint32_t> uid, std::string_view name = {}) {
    net::Request request{.target = "/api/v1/me", .role = net::ListenerRole::local};
    request.peer_uid = uid;
    if (!name.empty()) request.headers.set("Shieldwall-Account", name);
    return world.node->handle(std::move(request));
  };
  CHECK(by(1000).status == 200);
  CHECK(by(0).status == 200);
  CHECK(by(1001).status == 401);
  CHECK(by(std::nullopt).status == 401);
  CHECK(NodeWorld::text(by(1000, "a"), "rights") == R"(["read"])");
  CHECK(by(1000, "nobody").status == 401);
  // A network listener cannot claim to be it.
  net::Request request{.target = "/api/v1/accounts", .peer_address = "192.0.2.7"};
  request.peer_uid = 1000;
  request.headers.set("Shieldwall-Account", "a");
  CHECK(world.node->handle(std::move(request)).status == 401);
}

TEST_CASE("passwords are hashed a few at a time, and beyond the queue callers are told to come back") {
  SeededRandom random(3);
  ManualClock clock{Timestamp{}};
  PasswordHasher hasher(random, {.passes = 1, .memory_bytes = 8192}, {.at_once = 0, .queue_max = 0});
  CHECK(hasher.hash("correct horse battery", Deadline::none()).error().code == ErrorCode::exhausted);
  PasswordHasher open(random, {.passes = 1, .memory_bytes = 8192}, {});
  const auto stored = open.hash("correct horse battery", Deadline::none());
  REQUIRE(stored);
  CHECK(*open.verify("correct horse battery", *stored, Deadline::none()));
  CHECK(!*open.verify("correct hors", *stored, Deadline::none()));
  CHECK(!*open.verify("correct horse battery", "", Deadline::none()));
  CHECK(!open.is_outdated(*stored));
  PasswordHasher dearer(random, {.passes = 2, .memory_bytes = 8192}, {});
  CHECK(dearer.is_outdated(*stored));
  CHECK(*dearer.verify("correct horse battery", *stored, Deadline::none()));
  CHECK(!open.hash("short", Deadline::none()));
}

TEST_CASE("a password has 15 characters at least, of any kind, counted as people count") {
  CHECK(check_password("fifteen letters"));
  CHECK(!check_password("fourteen signs"));
  CHECK(check_password("ääääääääääääääää"));
  CHECK(!check_password("äääääääääääääa"));  // 27 bytes
  CHECK(check_password(std::string(password_bytes_max, 'x')));
  CHECK(!check_password(std::string(password_bytes_max + 1, 'x')));
  CHECK(!check_password("a line\nand another line"));
  CHECK(!check_password("not \xff UTF-8 at all, sorry"));
}

TEST_CASE("a storm of sign-ins leaves half of the pool to everybody else") {
  constexpr int threads = 8;
  const auto limits = PasswordHasher::Limits::beside(threads);
  CHECK(limits.at_once + limits.queue_max == threads / 2);
  CHECK(PasswordHasher::Limits::beside(1).at_once == 1);
  CHECK(PasswordHasher::Limits::beside(1).queue_max == 0);

  NodeWorld world(1, {.tries_per_account = {.tries = 1000}, .tries_per_address = {.tries = 1000}});
  world.account("a", R"(["reader"])");
  const As by_key{
      .key = NodeWorld::text(world.post({.account = "a"}, "/api/v1/keys", R"({"label":"x"})"), "key")};
  // From here on hashing takes for ever, as in a storm that does not end; who waits for it gives up in 5 s.
  constexpr Duration patience = seconds(5);
  NodeWorld stormy(2, {.hashing = {.at_once = 0, .queue_max = limits.queue_max}});
  ThreadPool pool(threads, 1000);
  std::atomic<int> refused{0};
  for (int i = 0; i < 100; ++i)
    REQUIRE(pool.post([&] {
      net::Request request{.target = "/api/v1/me", .deadline = Deadline::in(patience, stormy.clock)};
      request.headers.set("Authorization", "Basic " + to_base64("nobody:correct horse battery"));
      request.peer_address = "127.0.0.1";
      const auto answer = stormy.node->handle(std::move(request));
      refused += answer.status == 503 && answer.headers.has("Retry-After") ? 1 : 0;
    }));
  std::promise<int> answered;
  const auto posted = std::chrono::steady_clock::now();
  REQUIRE(pool.post([&] { answered.set_value(world.get(by_key, "/api/v1/me").status); }));
  CHECK(answered.get_future().get() == 200);
  CHECK(std::chrono::steady_clock::now() - posted < std::chrono::microseconds(patience.us));
}
