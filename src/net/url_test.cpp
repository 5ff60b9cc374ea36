// URLs and request targets.
#include "net/url.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::net;

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
