// How many requests a caller may send.

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "server/config.h"
#include "server/test_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::server;

namespace {

/// A node that takes three requests at once from whomever `which` limits, then one a second.
NodeOptions three_from(TokenBuckets::Rule RequestLimits::Rules::* which) {
  NodeOptions options;
  options.requests.*which = {.per_second = 1, .seconds = 3};
  return options;
}

int times_answered(NodeWorld& world, const As& as, int asked, std::string_view target = "/api/v1/me") {
  int answered = 0;
  for (int i = 0; i < asked; ++i) answered += world.get(as, std::string(target)).status == 429 ? 0 : 1;
  return answered;
}

std::string metrics_of(NodeWorld& world) {
  return std::string(world.get({.local = true}, "/metrics").bytes());
}

net::Request of_member(char pin) {
  net::Request request{.target = "/healthz", .role = net::ListenerRole::members};
  request.client_certificate_pin = sha256(std::string(1, pin));
  return request;
}

}  // namespace

TEST_CASE("a bucket gives what it holds at once, then as many tokens as come back") {
  ManualClock clock{Timestamp{}};
  TokenBuckets buckets(clock, {.per_second = 10, .seconds = 2}, 1000);
  for (int i = 0; i < 20; ++i) CHECK(!buckets.take("a"));
  CHECK(buckets.take("a") == milliseconds(100));
  CHECK(buckets.wait_of("a") == milliseconds(100));
  CHECK(!buckets.take("b"));
  clock.advance(milliseconds(99));
  CHECK(buckets.take("a") == milliseconds(1));
  clock.advance(milliseconds(1));
  CHECK(!buckets.wait_of("a"));
  CHECK(!buckets.take("a"));
  CHECK(buckets.take("a") == milliseconds(100));
  // Full is full: an hour brings two seconds' tokens.
  clock.advance(hours(1));
  for (int i = 0; i < 20; ++i) CHECK(!buckets.take("a"));
  CHECK(buckets.take("a"));
}

TEST_CASE("who spent his tokens stays without while a million others come, in the same memory") {
  ManualClock clock{Timestamp{}};
  TokenBuckets buckets(clock, {.per_second = 100, .seconds = 10}, 65'536);
  const auto bytes = buckets.bytes();
  CHECK(bytes <= 1 << 20);
  while (!buckets.take("192.0.2.1")) {
  }
  const auto others = tests::test_size("limited_addresses");
  std::int64_t refused = 0;
  for (std::int64_t i = 0; i < others; ++i)
    refused += buckets.take({reinterpret_cast<const char*>(&i), sizeof i}) ? 1 : 0;
  CHECK(refused == 0);
  CHECK(buckets.take("192.0.2.1"));
  CHECK(buckets.bytes() == bytes);
}

TEST_CASE("threads that ask for one name at the same time get together what the bucket holds") {
  ManualClock clock{Timestamp{}};
  TokenBuckets buckets(clock, {.per_second = 10'000, .seconds = 1}, 1000);
  std::atomic<int> given{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int asked = 0; asked < 5'000; ++asked) given += buckets.take("a") ? 0 : 1;
      });
  }
  CHECK(given == 10'000);
}

TEST_CASE("an account that asks too often is told when to come back, and nobody else notices") {
  NodeWorld world(1, three_from(&RequestLimits::Rules::account));
  const auto busy = world.account("busy", R"(["reader"])");
  const auto other = world.account("other", R"(["reader"])");
  CHECK(times_answered(world, busy, 5) == 3);
  const auto refused = world.get(busy, "/api/v1/me");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Content-Type") == "application/problem+json");
  CHECK(refused.headers.get("Retry-After") == "2");  // a whole second more than there is to wait, at most
  CHECK(NodeWorld::text(refused, "detail").find("limits.requests_per_account") != std::string::npos);
  CHECK(world.get(busy, "/taxii2/").headers.get("Content-Type") == "application/taxii+json;version=2.1");
  // From another address it is the same account; another one at the first address is not.
  CHECK(world.get({.account = "busy", .address = "198.51.100.7"}, "/api/v1/me").status == 429);
  CHECK(times_answered(world, other, 3) == 3);
  const As by_command_line{.local = true};
  CHECK(times_answered(world, by_command_line, 10) == 10);
  CHECK(metrics_of(world).find("shieldwall_requests_limited_total{by=\"account\"} 5\n") != std::string::npos);
  world.clock.advance(seconds(1));
  CHECK(times_answered(world, busy, 2) == 1);
}

TEST_CASE("an address is limited before anybody asks who calls, IPv6 by its network") {
  NodeWorld world(1, three_from(&RequestLimits::Rules::address));
  world.account("a", R"(["reader"])");
  const auto at = [](std::string address) { return As{.key = "nobody_s", .address = std::move(address)}; };
  CHECK(times_answered(world, at("192.0.2.1"), 5) == 3);  // 401 each: a wrong key counts like a right one
  CHECK(times_answered(world, at("192.0.2.2"), 3) == 3);
  CHECK(times_answered(world, at("2001:db8:1:2::1"), 2, "/healthz") == 2);
  CHECK(times_answered(world, at("2001:db8:1:2:ffff::1"), 3, "/no/such/path") == 1);
  CHECK(times_answered(world, at("2001:db8:1:3::1"), 3) == 3);
  CHECK(times_answered(world, at("127.0.0.1"), 5) == 3);
  CHECK(metrics_of(world).find("shieldwall_requests_limited_total{by=\"address\"} 6\n") != std::string::npos);
  world.clock.advance(seconds(2));
  CHECK(times_answered(world, at("192.0.2.1"), 5) == 2);
}

TEST_CASE("another node of an alliance counts by its certificate, wherever it calls from") {
  NodeWorld world(1, three_from(&RequestLimits::Rules::member));
  for (int i = 0; i < 3; ++i) CHECK(world.send(of_member('a'), {}).status == 200);
  CHECK(world.send(of_member('a'), {.address = "198.51.100.7"}).status == 429);
  CHECK(world.send(of_member('b'), {}).status == 200);
  CHECK(metrics_of(world).find("shieldwall_requests_limited_total{by=\"member\"} 1\n") != std::string::npos);

  NodeWorld by_address(1, three_from(&RequestLimits::Rules::address));
  for (int i = 0; i < 10; ++i) CHECK(by_address.send(of_member('a'), {}).status == 200);
}

TEST_CASE("a request with a large body counts once, whether its body is read or not") {
  NodeWorld world(1, three_from(&RequestLimits::Rules::address));
  const auto account = world.account("a", R"(["publisher"])");
  const auto head = [&](std::string_view password) {
    return net::Request{.method = net::Method::post,
                        .target = "/api/v1/objects",
                        .headers = {{"Authorization", "Basic " + to_base64(fmt::format("a:{}", password))},
                                    {"Content-Type", "application/json"}},
                        .peer_address = "192.0.2.1"};
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(!world.node->intake(head(test_password)).refusal);
    CHECK(world.node->handle(head(test_password)).status != 429);
  }
  CHECK(world.node->intake(head("wrong")).refusal->status == 401);
  CHECK(world.node->intake(head(test_password)).refusal->status == 429);
}

TEST_CASE("limits of requests can be turned off, and an address is not limited behind a proxy") {
  ManualClock clock{Timestamp{}};
  RequestLimits off(clock, {.account = {}, .address = {}, .member = {}});
  const net::Request request{.peer_address = "192.0.2.1"};
  int limited = 0;
  for (int i = 0; i < 300'000; ++i)
    limited += off.on_arrival(request, RequestLimits::Count::now) ||
                       off.of_account(request, {}, RequestLimits::Count::now)
                   ? 1
                   : 0;
  CHECK(limited == 0);
  Config config;
  CHECK(request_rules_of(config).address.per_second == 20'000);
  config.tools.behind_proxy = true;
  CHECK(request_rules_of(config).address.per_second == 0);
  CHECK(request_rules_of(config).account.per_second == 20'000);
}
