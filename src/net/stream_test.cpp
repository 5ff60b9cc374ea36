// Answers that come in pieces, and bodies that go out in pieces.
#include <atomic>
#include <mutex>

#include <doctest/doctest.h>

#include "base/guarded.h"
#include "base/log.h"
#include "net/testing.h"

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

namespace {

constexpr std::string_view get_stream = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/// Events that a test puts in.
struct Feed {
  Guarded<std::vector<Bytes>> events;
  std::atomic<bool> ended{false};
  std::atomic<int> asked{0};
  std::atomic<int> readers{0};
};

class FeedStream final : public Stream {
 public:
  FeedStream(std::shared_ptr<Feed> feed, bool on_pool) : feed_(std::move(feed)), on_pool_(on_pool) {
    ++feed_->readers;
  }
  ~FeedStream() override { --feed_->readers; }
  Poll next(Bytes& chunk) override {
    ++feed_->asked;
    return feed_->events.with([&](std::vector<Bytes>& events) {
      if (seen_ < events.size()) {
        chunk = events[seen_++];
        return Poll::chunk;
      }
      return feed_->ended ? Poll::end : Poll::wait;
    });
  }
  bool may_wait() const override { return on_pool_; }
  std::string_view heartbeat() const override { return ":\n\n"; }

 private:
  std::shared_ptr<Feed> feed_;
  bool on_pool_;
  std::size_t seen_ = 0;
};

Handler stream_of(const std::shared_ptr<Feed>& feed, bool on_pool = false) {
  return [feed, on_pool](Request&&) {
    return Response{.headers = {{"Content-Type", "text/event-stream"}},
                    .stream = std::make_shared<FeedStream>(feed, on_pool)};
  };
}

void add(Feed& feed, std::string event) {
  feed.events.with([&](std::vector<Bytes>& events) { events.push_back(std::move(event)); });
}

}  // namespace

TEST_CASE("a stream sends what it has, waits, and goes on when it is woken") {
  for (const bool on_pool : {false, true}) {
    CAPTURE(on_pool);
    const auto feed = std::make_shared<Feed>();
    add(*feed, "first");
    // Only the wake-up can be this quick: the next poll by the clock is a minute away.
    TestServer node({.limits = {.stream_poll = minutes(1)}}, stream_of(feed, on_pool));
    RawSocket socket(node.port());
    socket.say(get_stream);
    CHECK(socket.hear_until("first\r\n").contains("Transfer-Encoding: chunked\r\n"));
    REQUIRE(soon([&] { return feed->asked >= 2; }));
    add(*feed, "second");
    node.server->wake();
    CHECK(socket.hear_until("second\r\n") == "6\r\nsecond\r\n");
    feed->ended = true;
    node.server->wake();
    CHECK(socket.hear_until("0\r\n\r\n") == "0\r\n\r\n");
    CHECK(soon([&] { return feed->readers == 0; }));
    socket.say(get_stream);  // the connection lives on
    CHECK(socket.hear_until("first\r\n").contains("200 OK"));
  }
}

TEST_CASE("a stream that waits is asked again by the clock, and a heart beats meanwhile") {
  const auto feed = std::make_shared<Feed>();
  TestServer node({.limits = {.heartbeat = milliseconds(60), .stream_poll = milliseconds(10)}},
                  stream_of(feed));
  RawSocket socket(node.port());
  socket.say(get_stream);
  socket.hear_until("\r\n\r\n");
  CHECK(socket.hear_until(":\n\n\r\n") == "3\r\n:\n\n\r\n");
  add(*feed, "news");
  CHECK(socket.hear_until("news\r\n").ends_with("4\r\nnews\r\n"));
}

TEST_CASE("a reader who leaves ends its stream") {
  const auto feed = std::make_shared<Feed>();
  TestServer node({}, stream_of(feed));
  {
    RawSocket socket(node.port());
    socket.say(get_stream);
    socket.hear_until("\r\n\r\n");
    REQUIRE(soon([&] { return node.server->counters().streams_open == 1; }));
  }
  CHECK(soon([&] { return feed->readers == 0; }));
  CHECK(node.server->counters().streams_open == 0);
}

TEST_CASE("a reader who does not read is not given more, and is dropped in the end") {
  const auto feed = std::make_shared<Feed>();
  for (int i = 0; i < 200; ++i) add(*feed, std::string(200'000, 'x'));
  TestServer node({.limits = {.rate_window = milliseconds(200)}}, stream_of(feed));
  RawSocket socket(node.port(), 4096);
  socket.say(get_stream);
  CHECK(soon([&] { return node.server->counters().timed_out == 1; }));
  CHECK(feed->asked < 100);
  CHECK(soon([&] { return feed->readers == 0; }));
}

TEST_CASE("stopping ends streams properly, and HTTP/1.0 readers get theirs without chunks") {
  const auto feed = std::make_shared<Feed>();
  add(*feed, "first");
  TestServer node({}, stream_of(feed));
  RawSocket modern(node.port());
  modern.say(get_stream);
  modern.hear_until("first\r\n");
  RawSocket old(node.port());
  old.say("GET /events HTTP/1.0\r\n\r\n");
  CHECK_FALSE(old.hear_until("first").contains("chunked"));
  node.server->stop(seconds(2));
  CHECK(modern.hear_all() == "0\r\n\r\n");
  CHECK(old.hear_all().empty());
}

TEST_CASE("a stream that throws breaks off, so that nobody takes it for whole") {
  struct Broken final : Stream {
    Poll next(Bytes&) override { throw std::runtime_error("broken"); }
  };
  TestServer node({}, [](Request&&) { return Response{.stream = std::make_shared<Broken>()}; });
  log::set_level(log::Level::off);
  const auto answer = ask(node.port(), get_stream);
  log::set_level(log::Level::info);
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer).empty());
}

TEST_CASE("the client hears a stream to its end") {
  const auto feed = std::make_shared<Feed>();
  for (int i = 0; i < 1000; ++i) add(*feed, fmt::format("data: {}\n\n", i));
  feed->ended = true;
  TestServer node({.listeners = {{.tls = identities().server}}}, stream_of(feed, true));
  Client client({});
  const auto answer = get(client, node.url("/", true));
  REQUIRE(answer);
  CHECK(answer->body.starts_with("data: 0\n\n"));
  CHECK(answer->body.ends_with("data: 999\n\n"));
}

namespace {

struct Collected {
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> largest{0};
  std::atomic<int> pieces{0};
  std::atomic<bool> full{false};
};

class CollectingSink final : public BodySink {
 public:
  explicit CollectingSink(std::shared_ptr<Collected> into) : into_(std::move(into)) {}
  Done write(std::string_view piece) override {
    if (into_->full) return fail(ErrorCode::exhausted, "the disk is full");
    into_->bytes += piece.size();
    into_->largest = std::max<std::size_t>(into_->largest, piece.size());
    ++into_->pieces;
    return {};
  }

 private:
  std::shared_ptr<Collected> into_;
};

ServerOptions with_sink(const std::shared_ptr<Collected>& collected) {
  return {.listeners = {ListenerOptions{}},
          .limits = {.intake_bytes = 1000},
          .intake = [collected](const Request& head) -> Intake {
            if (!head.headers.has("Authorization")) return {.refusal = problem(401, "sign in first")};
            if (head.target == "/import")
              return {.body_bytes_max = 1 << 30, .sink = std::make_shared<CollectingSink>(collected)};
            return {.body_bytes_max = 5000};
          }};
}

Response tell_body(Request&& request) {
  return {.body = fmt::format("{} {}", request.sink ? "sink" : "memory", request.body.size())};
}

std::string upload(std::string_view target, std::size_t bytes, std::string_view fields) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n",
                     target,
                     fields,
                     bytes) +
         std::string(bytes, 'u');
}

}  // namespace

TEST_CASE("a large upload goes to its sink piece by piece and never sits in memory whole") {
  const auto collected = std::make_shared<Collected>();
  TestServer node(with_sink(collected), tell_body);
  const auto size = std::size_t{40} << 20;
  CHECK(body_of(ask(node.port(), upload("/import", size, "Authorization: x\r\n"))) == "sink 0");
  CHECK(collected->bytes == size);
  CHECK(collected->largest <= 512 << 10);
  std::string chunked =
      "POST /import HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nConnection: close\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) chunked += fmt::format("{:x}\r\n{}\r\n", 10'000, std::string(10'000, 'c'));
  CHECK(body_of(ask(node.port(), chunked + "0\r\n\r\n")) == "sink 0");
  CHECK(collected->bytes == size + 1'000'000);
}

TEST_CASE("a small body needs no decision, a large one is refused before it is read") {
  const auto collected = std::make_shared<Collected>();
  TestServer node(with_sink(collected), tell_body);
  CHECK(body_of(ask(node.port(), upload("/import", 1000, ""))) == "memory 1000");
  RawSocket waiting(node.port());
  waiting.say(
      "POST /import HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n");
  CHECK(status_of(waiting.hear_all()) == 401);
  CHECK(status_of(ask(node.port(), upload("/import", 2 << 20, ""))) == 401);
  CHECK(body_of(ask(node.port(), upload("/other", 5000, "Authorization: x\r\n"))) == "memory 5000");
  CHECK(status_of(ask(node.port(), upload("/other", 5001, "Authorization: x\r\n"))) == 413);
  CHECK(collected->bytes == 0);
}

TEST_CASE(
    "where the intake names no limit the server's holds, and a body beyond it is told in the path's words") {
  TestServer node({.listeners = {ListenerOptions{}},
                   .limits = {.body_bytes = 700, .intake_bytes = 1000},
                   .intake =
                       [](const Request&) {
                         return Intake{.too_large = [](std::uint64_t most) {
                           return Response{.status = 413, .body = fmt::format("{{\"title\":\"{}\"}}", most)};
                         }};
                       }},
                  tell_body);
  CHECK(body_of(ask(node.port(), upload("/other", 700, ""))) == "memory 700");
  CHECK(body_of(ask(node.port(), upload("/other", 701, ""))) == R"({"title":"700"})");
  std::string chunked = "POST /other HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 200; ++i) chunked += "a\r\n0123456789\r\n";
  const auto answer = ask(node.port(), chunked);
  CHECK(status_of(answer) == 413);
  CHECK(body_of(answer) == R"({"title":"700"})");
}

TEST_CASE("a sink that is full ends the request") {
  const auto collected = std::make_shared<Collected>();
  collected->full = true;
  TestServer node(with_sink(collected), tell_body);
  const auto answer = ask(node.port(), upload("/import", 1 << 20, "Authorization: x\r\n"));
  CHECK(status_of(answer) == 413);
  CHECK(answer.contains("the disk is full"));
}
