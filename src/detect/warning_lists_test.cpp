#include "detect/warning_lists.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

WarningLists lists() {
  WarningLists all;
  REQUIRE(all.read(R"({"name":"resolvers","type":"cidr","list":["8.8.8.8","10.0.0.0/8","2001:4860::/32"]})"));
  REQUIRE(all.read(R"({"name":"shops","type":"hostname","list":["Big.example",".cdn.example"]})"));
  REQUIRE(
      all.read(R"({"name":"empty hash","type":"string","list":["D41D8CD98F00B204E9800998ECF8427E",""]})"));
  REQUIRE(all.read(R"({"name":"parts","type":"substring","list":["/wp-login"]})"));
  REQUIRE(all.read(R"({"name":"mail","type":"regex","list":["/^(abuse|noc)\\@.*$/i"]})"));
  return all;
}

}  // namespace

TEST_CASE("a warning list names its values, the addresses of its networks and the names below its hosts") {
  const auto all = lists();
  const auto named = [&](std::string_view value) { return all.naming(value).value_or("-"); };
  CHECK(named("8.8.8.8") == "resolvers");
  CHECK(named("8.8.8.9") == "-");
  CHECK(named("10.200.3.4") == "resolvers");
  CHECK(named("2001:4860:4860::8888") == "resolvers");
  CHECK(named("http://10.1.1.1/x") == "resolvers");
  CHECK(named("big.example") == "shops");
  CHECK(named("www.big.example") == "shops");
  CHECK(named("https://a.cdn.example/evil") == "shops");
  CHECK(named("notbig.example") == "-");
  CHECK(named("d41d8cd98f00b204e9800998ecf8427e") == "empty hash");
  CHECK(named("http://x.example/wp-login.php") == "parts");
  CHECK(named("NOC@x.example") == "mail");
  CHECK(named("evil@x.example") == "-");
  CHECK(all.size() == 8);
}

TEST_CASE("what is no warning list is refused with the reason") {
  WarningLists all;
  CHECK(all.read("{").error().code == ErrorCode::invalid);
  CHECK(all.read(R"({"name":"x"})").error().message == "a warning list has a name and a list");
  CHECK(all.read(R"({"name":"x","type":"soundex","list":["a"]})").error().message.find("soundex") !=
        std::string::npos);
  CHECK(!all.read(R"({"name":"x","type":"cidr","list":["8.8.8.8/99"]})"));
  CHECK(!all.read(R"({"name":"x","type":"regex","list":["("]})"));
  CHECK(all.read_path("/nowhere/at/all").error().code == ErrorCode::not_found);
  CHECK(!all.naming("anything"));
}
