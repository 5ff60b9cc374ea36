// URLs, targets, addresses, heads and header lists: everything that is bytes in, values out.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/address.h"
#include "net/head.h"
#include "net/http.h"
#include "net/parser.h"
#include "net/render.h"
#include "net/url.h"

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

TEST_CASE("a URL is taken apart into where to connect and what to ask for") {
  const auto url = Url::parse("HTTPS://Node.Example.:8443/a/b?c=%20d#frag");
  REQUIRE(url);
  CHECK(url->secure);
  CHECK(url->host == "node.example");
  CHECK(url->port == 8443);
  CHECK(url->target == "/a/b?c=%20d");
  CHECK(url->text() == "https://node.example:8443/a/b?c=%20d");
  CHECK(Url::parse("http://a.example")->target == "/");
  CHECK(Url::parse("http://a.example?x=1")->target == "/?x=1");
  CHECK(Url::parse("https://a.example")->port == 443);
  CHECK(Url::parse("http://[2001:DB8::0001]:8080/")->host == "2001:db8::1");
  CHECK(Url::parse("http://[2001:db8::1]:8080/")->origin() == "http://[2001:db8::1]:8080");
  CHECK(Url::parse("http://a.example/objects/?match[type]=x")->target == "/objects/?match[type]=x");
}

TEST_CASE("a URL that two readers could understand differently is refused") {
  const std::vector<std::string> odd = {
      "",
      "http:",
      "http:/a.example/",
      "http:///a",
      "//a.example/",
      "ftp://a.example/",
      "file:///etc/passwd",
      "javascript://a.example/",
      "gopher://a.example:70/_x",
      " http://a.example/",
      "http ://a.example/",
      "http://a.example /",
      "http://a.example/a b",
      "http://a.example/a\tb",
      "http://a.example/a\r\nHost: b",
      "http://a.example/\xc3\xa9",
      "http://a.example/%",
      "http://a.example/%1",
      "http://a.example/%zz",
      "http://a.example\\@b.example/",
      "http://a.example/\\b",
      "http://user@a.example/",
      "http://user:pass@a.example/",
      "http://a.example@127.0.0.1/",
      "http://a.example:0/",
      "http://a.example:65536/",
      "http://a.example:/",
      "http://a.example:80:80/",
      "http://a.example:+80/",
      "http://a.example:080000/",
      "http://a.example:8o/",
      "http://-a.example/",
      "http://a-.example/",
      "http://a..example/",
      "http://.example/",
      "http://a.example../",
      "http://a_.ex%61mple/",
      "http://\xc3\xa9.example/",
      "http://[::1/",
      "http://::1/",
      "http://[127.0.0.1]/",
      "http://[fe80::1%25eth0]/",
      "http://[::1]x/",
      "http://1/",
      "http://127.1/",
      "http://127.0.1/",
      "http://2130706433/",
      "http://0x7f000001/",
      "http://0x7f.0.0.1/",
      "http://0177.0.0.1/",
      "http://127.0.0.01/",
      "http://127.0.0.1./",
      "http://127.0.0.256/",
      "http://1.2.3.4.5/",
      "http://example.1/",
      "http://example.0x1/",
      "http://" + std::string(64, 'a') + ".example/",
      "http://a.example/" + std::string(url_bytes_max, 'a'),
  };
  for (const auto& text : odd) {
    CAPTURE(text);
    const auto url = Url::parse(text);
    CHECK_FALSE(url);
    if (!url) CHECK(url.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a reference is resolved against the URL it was found at") {
  const auto base = Url::parse("https://a.example/x/y/z?q=1");
  REQUIRE(base);
  CHECK(base->resolve("w")->text() == "https://a.example/x/y/w");
  CHECK(base->resolve("../w?r=2")->text() == "https://a.example/x/w?r=2");
  CHECK(base->resolve("/w/./v/../u/")->text() == "https://a.example/w/u/");
  CHECK(base->resolve("../../../../w")->text() == "https://a.example/w");
  CHECK(base->resolve("?q=2")->text() == "https://a.example/x/y/z?q=2");
  CHECK(base->resolve("//b.example/w")->text() == "https://b.example/w");
  CHECK(base->resolve("http://c.example")->text() == "http://c.example/");
  CHECK(base->resolve("#part")->text() == base->text());
  CHECK_FALSE(base->resolve("javascript:alert(1)"));
}

TEST_CASE("a request target becomes decoded segments and parameters") {
  const auto target = parse_target(
      "/api%20root/collections/a%2Fb/?added_after=2020-01-01T00:00:00Z&match[type]=x+y%2Bz&flag");
  REQUIRE(target);
  CHECK(target->segments == std::vector<std::string>{"api root", "collections", "a/b"});
  CHECK(target->ends_with_slash);
  CHECK(target->parameter("match[type]") == "x y+z");
  CHECK(target->parameter("flag") == "");
  CHECK_FALSE(target->parameter("other"));
  CHECK(parse_target("/")->segments.empty());
  CHECK(parse_target("/?a=b")->parameter("a") == "b");
  CHECK_FALSE(parse_target("/a")->ends_with_slash);
}

TEST_CASE("a target with a way out of its place, or bad escapes, is refused") {
  const std::vector<std::string> odd = {"",        "a",     "*",       "//",        "//a",       "/a//b",
                                        "/a//",    "/../a", "/a/..",   "/a/%2e%2E", "/./a",      "/%2e",
                                        "/%",      "/%4",   "/%zz",    "/a%00b",    "/a%0d%0ab", "/%ff",
                                        "/%c0%ae", "/?a=%", "/?a=%00", "/?%ff=a",   "/%7f"};
  for (const auto& text : odd) {
    CAPTURE(text);
    CHECK_FALSE(parse_target(text));
  }
}

TEST_CASE("percent-encoding any byte and decoding it gives the byte back") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const auto encoded = percent_encode(all);
  CHECK(encoded.find_first_not_of("%ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") ==
        std::string::npos);
  CHECK(percent_decode(encoded) == all);
}

TEST_CASE("addresses outside the public internet are known by what they are") {
  const std::vector<std::pair<std::string, std::string>> known = {
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"10.0.0.1", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.1", "carrier-shared"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.0.1", "private"},
      {"192.0.2.1", "documentation"},
      {"198.18.0.1", "benchmarking"},
      {"224.0.0.1", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "reserved"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"fe80::1", "link-local"},
      {"fec0::1", "private"},
      {"fc00::1", "private"},
      {"fd00:ec2::254", "private"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "documentation"},
      {"2001::1", "protocol-assigned"},
      {"64:ff9b:1::1", "local NAT64"},
      {"100::1", "discard-only"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:a00:1", "private"},
      {"::127.0.0.1", "loopback"},
      {"64:ff9b::10.0.0.1", "private"},
      {"64:ff9b::7f00:1", "loopback"},
      {"2002:7f00:1::", "loopback"},
      {"2002:a9fe:a9fe::1", "link-local"},
      {"4000::1", "unassigned"},
      {"0:0:0:0:0:ffff:c0a8:1", "private"},
  };
  for (const auto& [text, what] : known) {
    CAPTURE(text);
    const auto address = IpAddress::parse(text);
    REQUIRE(address);
    CHECK(why_not_public(*address) == what);
  }
}

TEST_CASE("addresses on the public internet are let through, also beside a special block") {
  for (const std::string text : {"1.1.1.1",
                                 "9.255.255.255",
                                 "11.0.0.0",
                                 "100.63.255.255",
                                 "100.128.0.0",
                                 "126.255.255.255",
                                 "128.0.0.0",
                                 "169.253.255.255",
                                 "169.255.0.0",
                                 "172.15.255.255",
                                 "172.32.0.0",
                                 "192.167.255.255",
                                 "192.169.0.0",
                                 "223.255.255.255",
                                 "2606:4700::1111",
                                 "2a00::1",
                                 "::ffff:8.8.8.8",
                                 "64:ff9b::808:808",
                                 "2002:808:808::"}) {
    CAPTURE(text);
    CHECK(why_not_public(*IpAddress::parse(text)) == "");
  }
}

TEST_CASE("odd spellings are no IP addresses") {
  for (const std::string text : {"",
                                 "1",
                                 "127.1",
                                 "0177.0.0.1",
                                 "127.0.0.01",
                                 "127.00.0.1",
                                 "0x7f.0.0.1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "256.1.1.1",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "[::1]",
                                 "::1%lo",
                                 "fe80::1%eth0",
                                 ":::1",
                                 "1:2:3"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(std::string("127.0.0.1\0.example", 18)));
}

TEST_CASE("neighbours in one IPv6 network count as one caller, IPv4 addresses each as one") {
  CHECK(IpAddress::parse("2001:db8::1")->subscriber() == IpAddress::parse("2001:db8::ffff")->subscriber());
  CHECK(IpAddress::parse("2001:db8:0:1::1")->subscriber() != IpAddress::parse("2001:db8::1")->subscriber());
  CHECK(IpAddress::parse("192.0.2.1")->subscriber() != IpAddress::parse("192.0.2.2")->subscriber());
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
