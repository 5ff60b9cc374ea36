// Header lists, heads of requests, messages in pieces, and heads of answers.
#include "net/head.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/http.h"
#include "net/parser.h"
#include "net/render.h"

using namespace shieldwall;
using namespace shieldwall::net;

TEST_CASE("header names compare without case, and keep their order") {
  Headers headers = {{"Accept", "a"}, {"X-One", "1"}, {"accept", "b"}};
  CHECK(headers.get("ACCEPT") == "a");
  CHECK(headers.count("accept") == 2);
  CHECK_FALSE(headers.has("X-Two"));
  headers.set("aCCept", "c");
  CHECK(headers.size() == 2);
  CHECK(headers.begin()->value == "c");
  headers.remove("x-one");
  CHECK(headers.size() == 1);
}

TEST_CASE("a token is found in any field of a comma-separated list") {
  const Headers headers = {{"Connection", "keep-alive, Upgrade"}, {"connection", "close"}};
  CHECK(headers.has_token("Connection", "upgrade"));
  CHECK(headers.has_token("Connection", "CLOSE"));
  CHECK_FALSE(headers.has_token("Connection", "keep"));
}

namespace {

std::string head_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("an ordinary request head passes") {
  for (const auto& head : {head_with(""),
                           head_with("Content-Length: 0\r\n"),
                           head_with("Content-Length: 123456789012345678\r\n"),
                           head_with("Transfer-Encoding: chunked\r\n"),
                           head_with("transfer-encoding:\tChunked \r\n"),
                           head_with("Connection: keep-alive ,,\tUpgrade\r\n"),
                           head_with("X-Empty:\r\nX-Latin: \xe9\r\nX-Tab: a\tb\r\n"),
                           std::string("GET /a?b=c%20d HTTP/1.0\r\n\r\n"),
                           std::string("OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n")}) {
    CAPTURE(head);
    const auto checked = check_head(head);
    CHECK_MESSAGE(checked, (checked ? "" : checked.error().message));
  }
}

TEST_CASE("a head that a second reader could take differently is refused") {
  const std::vector<std::string> odd = {
      "",
      "\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\n\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nX: b\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
      "GET / HTTP/0.9\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\r\nHost: a\r\n\r\n",
      "GET\r\nHost: a\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
      std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28),
      head_with("X : b\r\n"),
      head_with("X\r\n"),
      head_with(": b\r\n"),
      head_with(" X: b\r\n"),
      head_with("X: a\r\n b\r\n"),
      head_with("X: a\r\n\tb\r\n"),
      head_with("X\x01: a\r\n"),
      head_with("X: a\x01\r\n"),
      head_with("X: a\x7f\r\n"),
      head_with(std::string_view("X: a\0b\r\n", 8)),
      head_with("X\xc3\xa9: a\r\n"),
      head_with("Content-Length: 1\r\nContent-Length: 2\r\n"),
      head_with("Content-Length: 1\r\nContent-Length: 1\r\n"),
      head_with("Content-Length: 1, 1\r\n"),
      head_with("Content-Length: +1\r\n"),
      head_with("Content-Length: -1\r\n"),
      head_with("Content-Length: 0x1\r\n"),
      head_with("Content-Length: 1 1\r\n"),
      head_with("Content-Length:\r\n"),
      head_with("Content-Length: 9223372036854775808\r\n"),
      head_with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
      head_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
      head_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      head_with("Transfer-Encoding: gzip, chunked\r\n"),
      head_with("Transfer-Encoding: chunked, chunked\r\n"),
      head_with("Transfer-Encoding: identity\r\n"),
      head_with("Transfer-Encoding: \x0b"
                "chunked\r\n"),
      head_with("Transfer-Encoding: xchunked\r\n"),
      head_with("Connection: clo\xb2se\r\n"),
      head_with("Proxy-Connection: a b\r\n"),
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const auto& head : odd) {
    CAPTURE(head);
    const auto checked = check_head(head);
    CHECK_FALSE(checked);
    if (!checked) CHECK(checked.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("more header fields than allowed are told apart from broken ones") {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: 1\r\n";
  CHECK(check_head(head_with(fields)));
  const auto checked = check_head(head_with(fields + "X: 1\r\n"));
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::exhausted);
}

TEST_CASE("a message is read the same way in one piece and byte by byte") {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: dropped\r\n\r\nGET /next";
  const auto read_in_steps = [&](std::size_t step) {
    MessageParser parser(MessageParser::Kind::request, 1024);
    Bytes body;
    Bytes in;
    std::size_t at = 0;
    while (!parser.done() && at < bytes.size()) {
      const auto size = std::min(step, bytes.size() - at);
      in += bytes.substr(at, size);
      at += size;
      const auto used = parser.feed(in, body);
      REQUIRE(used);
      in.erase(0, *used);
    }
    CHECK(parser.done());
    CHECK(parser.head().target == "/a");
    CHECK_FALSE(parser.head().headers.has("Trailer"));
    CHECK(body == "hello world");
    return in + bytes.substr(at);
  };
  CHECK(read_in_steps(bytes.size()) == "GET /next");
  CHECK(read_in_steps(1) == "GET /next");
  CHECK(read_in_steps(7) == "GET /next");
}

TEST_CASE("broken chunks are refused, and an endless chunk line has an end") {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"x\r\n", "-1\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "fffffffffffffffff\r\n", "5 \n\r\n"}) {
    CAPTURE(body);
    MessageParser parser(MessageParser::Kind::request, 1024);
    Bytes taken;
    const auto used = parser.feed(head + body, taken);
    const bool refused = !used || !parser.done();
    CHECK(refused);
    if (used) CHECK_FALSE(parser.finish());
  }
  MessageParser parser(MessageParser::Kind::request, 1024);
  Bytes taken;
  REQUIRE(parser.feed(head, taken));
  const auto used = parser.feed("5;" + std::string(2000, 'x'), taken);
  REQUIRE_FALSE(used);
  CHECK(used.error().code == ErrorCode::exhausted);
}

TEST_CASE("an answer that a handler could split in two is not rendered") {
  const AnswerFrame frame{};
  CHECK_FALSE(render_head(Response{.headers = {{"X", "a\r\nY: b"}}}, frame));
  CHECK_FALSE(render_head(Response{.headers = {{"X\r\nY", "a"}}}, frame));
  CHECK_FALSE(render_head(Response{.headers = {{"X: b", "a"}}}, frame));
  const auto head =
      render_head(Response{.headers = {{"X", "a"}, {"Content-Length", "7"}}, .body = "abc"}, frame);
  REQUIRE(head);
  CHECK(*head == "HTTP/1.1 200 OK\r\nX: a\r\nContent-Length: 3\r\n\r\n");
  CHECK(render_head(Response{.status = 204}, frame) == "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_CASE("dates are written as HTTP wants them") {
  CHECK(http_date(*parse_lenient_time("1994-11-06T08:49:37Z")) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("a problem is JSON whatever its detail holds") {
  const auto response = problem(400, "a \"quoted\" \\ and\na line");
  CHECK(response.body ==
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"a \"quoted\" \\ and a line"})");
}
