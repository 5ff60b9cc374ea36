// How often the network loop asks the kernel, and is woken by it.

#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/testing.h"

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

namespace {

std::atomic<int> changes{0};  // of what the loop waits for
std::atomic<int> waits{0};

}  // namespace

// In front of the C library's, for this program alone.
extern "C" int epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) noexcept {
  changes += operation == EPOLL_CTL_MOD ? 1 : 0;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
}
extern "C" int epoll_wait(int epoll, epoll_event* events, int most, int timeout_ms) {
  ++waits;
  return static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, most, timeout_ms, nullptr, 0));
}

TEST_CASE("requests on a kept connection change nothing of what the loop waits for") {
  TestServer node({}, echo);
  RawSocket socket(node.port());
  changes = 0;
  waits = 0;
  for (int i = 0; i < 50; ++i) {
    REQUIRE(socket.say(fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i)));
    CHECK(socket.hear_until(fmt::format("GET /{} ", i)).starts_with("HTTP/1.1 200 OK\r\n"));
  }
  CHECK(changes == 0);
  CHECK(waits >= 50);  // the loop is the one we count
}

TEST_CASE("a client that sends ahead while its request is answered does not keep the loop awake") {
  std::atomic<bool> go = false;
  TestServer node({}, [&](Request&& request) {
    if (request.target == "/slow") go.wait(false);
    return echo(std::move(request));
  });
  RawSocket socket(node.port());
  REQUIRE(socket.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  REQUIRE(socket.say("GET /ahead HTTP/1.1\r\nHost: a\r\n\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  waits = 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(waits < 20);  // three ticks of 100 ms
  go = true;
  go.notify_all();
  CHECK(socket.hear_until("GET /slow ").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(socket.hear_until("GET /ahead ").contains("HTTP/1.1 200 OK\r\n"));
}
