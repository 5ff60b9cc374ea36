#include "base/time.h"

#include <doctest/doctest.h>

using namespace shieldwall;

TEST_CASE("a STIX time reads and writes the same") {
  for (const auto* text :
       {"2016-01-20T12:31:12.123000Z", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"})
    CHECK(to_text(parse_time(text)->at) == text);
}

TEST_CASE("digits finer than a microsecond still order two times") {
  const auto a = parse_time("2020-01-01T00:00:00.1234567Z");
  const auto b = parse_time("2020-01-01T00:00:00.1234568Z");
  const auto c = parse_time("2020-01-01T00:00:00.12345670Z");
  REQUIRE((a && b && c));
  CHECK(a->at == b->at);
  CHECK(*a < *b);
  CHECK(*a == *c);
}

TEST_CASE("what RFC 3339 or STIX forbids is refused") {
  for (const auto* text : {"2016-01-20 12:31:12Z",
                           "2016-01-20t12:31:12Z",
                           "2016-01-20T12:31:12z",
                           "2016-01-20T12:31:12",
                           "2016-01-20T12:31:12.Z",
                           "2016-01-20T12:31:12+00:00",
                           "2016-02-30T12:31:12Z",
                           "2016-01-20T24:00:00Z",
                           "2016-01-20T12:31:61Z",
                           "16-01-20T12:31:12Z",
                           "2016-01-20T12:31:12Zx",
                           ""})
    CHECK_MESSAGE(!parse_time(text), text);
}

TEST_CASE("other people's logs may use offsets and a space") {
  CHECK(to_text(*parse_lenient_time("2018-03-24 19:15:20.5+02:00")) == "2018-03-24T17:15:20.500000Z");
  CHECK(to_text(*parse_lenient_time("2018-03-24T17:15:20z")) == "2018-03-24T17:15:20.000000Z");
  CHECK(to_text(*parse_lenient_time("2018-03-24T17:15:20-0100")) == "2018-03-24T18:15:20.000000Z");
}
