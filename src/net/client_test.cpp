// The outgoing client against real servers on loopback, and the addresses it never connects to.
#include "net/client.h"

#include <atomic>

#include <doctest/doctest.h>

#include "net/resolve.h"
#include "net/testing.h"

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

namespace {

Deadline soon_enough() {
  return Deadline::in(seconds(5), system_clock());
}

/// A server that says `answer` to each connection, whatever it hears, and closes.
class Parrot {
 public:
  explicit Parrot(std::string answer) : listener_(*listen_tcp(*IpAddress::parse("127.0.0.1"), 0)) {
    thread_ = std::jthread([this, answer = std::move(answer)](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const int socket = ::accept(listener_.number(), nullptr, nullptr);
        if (socket < 0) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          continue;
        }
        char buffer[65536];
        [[maybe_unused]] const auto heard = ::recv(socket, buffer, sizeof buffer, 0);
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
        ::close(socket);
      }
    });
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/", *port_of(listener_)); }

 private:
  Descriptor listener_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("whoever waits for an answer is let go when the clock of its deadline leaps") {
  ManualClock clock(Timestamp{});
  std::atomic<bool> asked = false;
  std::atomic<bool> ended = false;
  TestServer silent({}, [&](Request&& request) {
    asked = true;
    while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return echo(std::move(request));
  });
  Client client({.allowed_hosts = {"127.0.0.1"}}, clock);
  std::thread leap([&] {
    soon([&] { return asked.load(); });
    clock.advance(hours(1));
  });
  const auto url = *Url::parse(silent.url("/"));
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = client.send(url, {}, Deadline::in(seconds(60), clock));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
  ended = true;
  leap.join();
  CHECK(answer.error().code == ErrorCode::unavailable);
}

TEST_CASE("the client sends method, target, fields and body as they are") {
  TestServer node({}, [](Request&& request) {
    return Response{.status = 201,
                    .headers = {{"X-Seen", std::string(*request.headers.get("X-Mine"))}},
                    .body = fmt::format("{} {} {} {}",
                                        name_of(request.method),
                                        request.target,
                                        request.body,
                                        *request.headers.get("Host"))};
  });
  Client client({});
  const auto answer = client.send(
      *Url::parse(node.url("/a%20b?c=d")),
      Request{.method = Method::post, .headers = {{"X-Mine", "yes"}, {"Host", "evil"}}, .body = "hello"},
      {.deadline = soon_enough(), .peer = local_trust()});
  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(answer->headers.get("x-seen") == "yes");
  CHECK(answer->body == fmt::format("POST /a%20b?c=d hello 127.0.0.1:{}", node.port()));
}

TEST_CASE("one connection serves a series of requests, and a lost one is replaced") {
  TestServer node({.limits = {.idle_time = milliseconds(100)}}, echo);
  Client client({});
  for (int i = 0; i < 10; ++i) CHECK(get(client, node.url("/x")));
  CHECK(node.server->counters().connections_accepted == 1);
  REQUIRE(soon([&] { return node.server->counters().connections_open == 0; }));
  CHECK(get(client, node.url("/x")));
  CHECK(node.server->counters().connections_accepted == 2);
}

TEST_CASE("a connection made under one trust is not used under another") {
  TestServer node({.listeners = {{.tls = identities().server}}}, echo);
  Client client({});
  CHECK(get(client, node.url("/x", true)));
  const auto other = std::make_shared<PeerTrust>(
      PeerTrust{.ca_pem = identities().stranger.certificate_chain_pem, .may_be_private = true});
  CHECK_FALSE(get(client, node.url("/x", true), other));
}

TEST_CASE("HEAD, 204 and 304 end without a body, and the connection is used on") {
  TestServer node({}, [](Request&& request) {
    return Response{.status = request.target == "/204"   ? 204
                              : request.target == "/304" ? 304
                                                         : 200,
                    .body = "12345"};
  });
  Client client({});
  const auto head = client.send(*Url::parse(node.url("/")),
                                Request{.method = Method::head},
                                {.deadline = soon_enough(), .peer = local_trust()});
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(head->headers.get("Content-Length") == "5");
  CHECK(get(client, node.url("/204"))->status == 204);
  CHECK(get(client, node.url("/304"))->status == 304);
  CHECK(get(client, node.url("/"))->body == "12345");
  CHECK(node.server->counters().connections_accepted == 1);
}

TEST_CASE("a redirect comes back as it is") {
  TestServer node({}, [](Request&&) {
    return Response{.status = 302, .headers = {{"Location", "http://169.254.169.254/latest/meta-data/"}}};
  });
  Client client({});
  const auto answer = get(client, node.url("/"));
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(node.server->counters().requests == 1);
}

TEST_CASE("an answer larger than the limit is an error, announced or not") {
  TestServer node({}, [](Request&&) { return Response{.body = Bytes(2000, 'x')}; });
  Client client({});
  const auto limited = [&](const std::string& url, std::uint64_t most) {
    return client.send(*Url::parse(url),
                       Request{},
                       {.deadline = soon_enough(), .peer = local_trust(), .body_bytes_max = most});
  };
  CHECK(limited(node.url("/"), 2000));
  CHECK(limited(node.url("/"), 1999).error().code == ErrorCode::exhausted);
  const Parrot endless("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'));
  CHECK(limited(endless.url(), 5000)->body.size() == 5000);
  CHECK(limited(endless.url(), 4999).error().code == ErrorCode::exhausted);
}

TEST_CASE("a body can be taken in pieces, beyond what memory is given to it") {
  struct Counter final : BodySink {
    std::size_t bytes = 0;
    Done write(std::string_view piece) override {
      bytes += piece.size();
      return {};
    }
  };
  TestServer node({}, [](Request&& request) {
    return Response{.status = request.target == "/no" ? 404 : 200, .body = Bytes(3 << 20, 'x')};
  });
  Client client({});
  Counter counter;
  const auto answer = client.send(*Url::parse(node.url("/")),
                                  Request{},
                                  {.deadline = soon_enough(), .peer = local_trust(), .into = &counter});
  REQUIRE(answer);
  CHECK(counter.bytes == 3 << 20);
  CHECK(answer->body.empty());
  const auto refused = client.send(*Url::parse(node.url("/no")),
                                   Request{},
                                   {.deadline = soon_enough(), .peer = local_trust(), .into = &counter});
  REQUIRE(refused);
  CHECK(refused->body.size() == 3 << 20);  // what is wrong is for the caller to read, not for the sink
  CHECK(counter.bytes == 3 << 20);
}

TEST_CASE("an answer that breaks HTTP, is cut short or never comes is an error") {
  Client client({});
  for (const std::string answer : {"",
                                   "HTTP/1.1",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                                   "220 smtp.example ESMTP\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    CAPTURE(answer);
    const Parrot parrot(answer);
    CHECK_FALSE(get(client, parrot.url()));
  }
  const Parrot long_head("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  CHECK_FALSE(get(client, long_head.url()));
  const Parrot interim(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "2\r\n\r\nok");
  CHECK(get(client, interim.url())->body == "ok");
}

TEST_CASE("the deadline holds while connecting is over and the answer does not come") {
  TestServer node({}, [](Request&&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return Response{};
  });
  Client client({});
  const auto answer =
      client.send(*Url::parse(node.url("/")),
                  Request{},
                  {.deadline = Deadline::in(milliseconds(50), system_clock()), .peer = local_trust()});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(answer.error().message.contains("in time"));
}

TEST_CASE("nobody listening is an error that names the place") {
  std::uint16_t port = 0;
  {
    TestServer node({}, echo);
    port = node.port();
  }
  Client client({});
  const auto answer = get(client, fmt::format("http://127.0.0.1:{}/", port));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(answer.error().message.contains(fmt::format("127.0.0.1 port {}", port)));
  CHECK_FALSE(get(client, "http://name.invalid/"));
}

TEST_CASE("a stranger's URL never leads to this machine or network, however it is spelled") {
  TestServer node({}, echo);
  Client client({.own_addresses = {"203.0.113.7:443"}});
  const auto stranger = std::make_shared<PeerTrust>();
  // Hosts by what they are; each is tried in both schemes and with the ports of common inner services.
  const std::vector<std::string> hosts = {"localhost",
                                          "LOCALHOST",
                                          "localhost.",
                                          "127.0.0.1",
                                          "127.1",
                                          "127.0.1",
                                          "127.255.255.255",
                                          "2130706433",
                                          "0x7f000001",
                                          "0x7f.1",
                                          "0177.0.0.1",
                                          "017700000001",
                                          "0",
                                          "0.0.0.0",
                                          "10.0.0.1",
                                          "10.1",
                                          "0x0a000001",
                                          "012.0.0.1",
                                          "100.64.0.1",
                                          "169.254.169.254",
                                          "0xa9fea9fe",
                                          "2852039166",
                                          "0251.0376.0251.0376",
                                          "169.254.43518",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.168.1.1",
                                          "192.168.257",
                                          "192.0.2.1",
                                          "198.18.0.1",
                                          "198.51.100.1",
                                          "203.0.113.7",
                                          "224.0.0.1",
                                          "239.255.255.250",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "[::]",
                                          "[::1]",
                                          "[0:0:0:0:0:0:0:1]",
                                          "[::127.0.0.1]",
                                          "[::ffff:127.0.0.1]",
                                          "[::ffff:7f00:1]",
                                          "[::FFFF:10.0.0.1]",
                                          "[0:0:0:0:0:ffff:a9fe:a9fe]",
                                          "[64:ff9b::127.0.0.1]",
                                          "[64:ff9b::a9fe:a9fe]",
                                          "[64:ff9b:1::1]",
                                          "[2002:7f00:1::]",
                                          "[2002:c0a8:101::1]",
                                          "[2001::1]",
                                          "[2001:db8::1]",
                                          "[fc00::1]",
                                          "[fd00:ec2::254]",
                                          "[fe80::1]",
                                          "[fec0::1]",
                                          "[ff02::1]",
                                          "[100::1]",
                                          "[::ffff:0:127.0.0.1]",
                                          "[3fff::1]",
                                          "[5f00::1]",
                                          "127.0.0.1.",
                                          "[::1]@example.com",
                                          "example.com@127.0.0.1",
                                          "127.0.0.1#@example.com",
                                          "127.0.0.1\\@example.com"};
  std::size_t tried = 0;
  for (const auto& host : hosts) {
    for (const std::string scheme : {"http://", "https://"}) {
      for (const std::string& port : {std::string(), fmt::format(":{}", node.port())}) {
        const auto text = scheme + host + port + "/";
        CAPTURE(text);
        const auto answer = get(client, text, stranger);
        REQUIRE_FALSE(answer);
        const bool refused =
            answer.error().code == ErrorCode::denied || answer.error().code == ErrorCode::invalid;
        CHECK_MESSAGE(refused, answer.error().message);
        ++tried;
      }
    }
  }
  CHECK(tried >= 200);
  CHECK(node.server->counters().connections_accepted == 0);
}

TEST_CASE("an operator's file or the roster opens the way to a private peer, and only to that one") {
  TestServer node({}, echo);
  const auto stranger = std::make_shared<PeerTrust>();
  Client by_host({.allowed_hosts = {"LocalHost"}});
  CHECK(get(by_host, fmt::format("http://localhost:{}/", node.port()), stranger));
  CHECK_FALSE(get(by_host, node.url("/"), stranger));
  Client by_port({.allowed_hosts = {fmt::format("127.0.0.1:{}", node.port())}});
  CHECK(get(by_port, node.url("/"), stranger));
  CHECK(get(by_port, "http://127.0.0.1:1/", stranger).error().code == ErrorCode::denied);
}

TEST_CASE("of several addresses only public ones that are not ours are kept") {
  const auto at = [](const char* text) { return *IpAddress::parse(text); };
  const auto kept = keep_public(
      "h", 443, {at("10.0.0.1"), at("1.1.1.1"), at("::1"), at("9.9.9.9")}, {{at("9.9.9.9"), 443}});
  REQUIRE(kept);
  CHECK(*kept == std::vector{at("1.1.1.1")});
  CHECK(keep_public("h", 80, {at("9.9.9.9")}, {{at("9.9.9.9"), 443}}));
  CHECK(keep_public("h", 443, {at("9.9.9.9")}, {{at("9.9.9.9"), 443}}).error().code == ErrorCode::denied);
}

TEST_CASE("a proxy carries clear requests in absolute form and opens a tunnel for TLS") {
  TestServer proxy({}, [](Request&& request) { return Response{.body = request.target}; });
  const auto proxy_url = *Url::parse(proxy.url("/"));
  Client client({.proxy = proxy_url});
  // Our own server refuses both forms, which shows what was sent: a proxy it is not.
  const auto clear = get(client, "http://feeds.example/list", std::make_shared<PeerTrust>());
  REQUIRE(clear);
  CHECK(clear->status == 400);
  CHECK(clear->body.contains("target must begin with '/'"));
  const auto tunnel = get(client, "https://feeds.example/list", std::make_shared<PeerTrust>());
  REQUIRE_FALSE(tunnel);
  CHECK(tunnel.error().message.contains("proxy answered 400"));
  CHECK(get(client, "http://10.0.0.1/", std::make_shared<PeerTrust>()).error().code == ErrorCode::denied);
  CHECK(get(client, "http://localhost/", std::make_shared<PeerTrust>()).error().code == ErrorCode::denied);
}
