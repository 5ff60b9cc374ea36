#include "exchange/taxii/parameters.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

Result<Filters> read(std::string_view query, Fields known = collection_fields) {
  const auto target = net::parse_target(fmt::format("/x?{}", query));
  REQUIRE(target);
  return read_filters(target->query, known);
}

constexpr auto an_id = "indicator--6770298f-0fd8-471a-ab8c-1c658a46574e";

}  // namespace

TEST_CASE("without parameters the last versions are asked for, a page as large as the server gives") {
  const auto filters = read("");
  REQUIRE(filters);
  CHECK(filters->last);
  CHECK(!filters->mixed());
  CHECK(filters->limit == page_objects_max);
  const auto query = filters->query();
  CHECK(query.select == store::VersionSelect::last);
  CHECK(query.spec_versions.empty());
}

TEST_CASE("a limit is a whole number from 1, and the server's maximum applies silently") {
  CHECK(read("limit=1")->limit == 1);
  CHECK(read("limit=007")->limit == 7);
  CHECK(read("limit=1000")->limit == 1000);
  CHECK(read("limit=1001")->limit == page_objects_max);
  CHECK(read("limit=99999999999999999999999")->limit == page_objects_max);
  for (const auto bad : {"0", "-1", "-0", "1.5", "abc", "", "%201", "1e3", "+5", "0x10", "000"}) {
    CAPTURE(bad);
    CHECK(!read(fmt::format("limit={}", bad)));
  }
}

TEST_CASE("match fields list values with commas") {
  const auto filters = read(fmt::format("match[id]={},%20{}&match[type]=indicator,malware", an_id, an_id));
  REQUIRE(filters);
  CHECK(filters->ids.size() == 1);
  CHECK(filters->types == std::vector<std::string>{"indicator", "malware"});
  CHECK(read("match%5Btype%5D=indicator")->types == std::vector<std::string>{"indicator"});
}

TEST_CASE("match[version] takes first, last, all and exact times in any mixture") {
  CHECK(read("match[version]=first")->query().select == store::VersionSelect::first);
  CHECK(read("match[version]=last")->query().select == store::VersionSelect::last);
  CHECK(read("match[version]=all")->query().select == store::VersionSelect::all);
  const auto exact = read("match[version]=2016-12-25T12:30:59.444Z,2017-01-01T00:00:00Z");
  REQUIRE(exact);
  CHECK(!exact->mixed());
  CHECK(exact->query().versions.size() == 2);
  const auto all = read("match[version]=first,all,2016-12-25T12:30:59.444Z");
  CHECK(!all->mixed());
  CHECK(all->query().select == store::VersionSelect::all);
  CHECK(all->query().versions.empty());
  const auto mixture = read("match[version]=first,2016-12-25T12:30:59.444Z");
  CHECK(mixture->mixed());
  CHECK(mixture->query().select == store::VersionSelect::all);
  CHECK(mixture->query().versions.empty());
  CHECK(!read("match[version]=newest"));
  CHECK(!read("match[version]="));
  CHECK(!read("match[version]=first,"));
}

TEST_CASE("times are RFC 3339 of any precision and compare as instants") {
  CHECK(read("added_after=2017-01-20T00:00:00.000Z")->added_after ==
        read("added_after=2017-01-20T00:00:00Z")->added_after);
  CHECK(read("added_after=2017-01-20T01:00:00%2B01:00")->added_after ==
        read("added_after=2017-01-20T00:00:00Z")->added_after);
  for (const auto bad : {"2017-01-20",
                         "yesterday",
                         "",
                         "2017-01-20%2000:00:00Z",
                         "2017-13-20T00:00:00Z",
                         "1484870400",
                         "2017-01-20T00:00:00"}) {
    CAPTURE(bad);
    CHECK(!read(fmt::format("added_after={}", bad)));
  }
}

TEST_CASE("a filter that is not understood never widens the answer") {
  CHECK(!read("match[creator]=x"));
  CHECK(!read("match[id"));
  CHECK(!read("match=indicator"));
  CHECK(!read("Match[type]=indicator"));
  CHECK(!read("match[type]=indicator", object_fields));
  CHECK(!read("match[version]=all", versions_fields));
  CHECK(!read("match[type]="));
  CHECK(!read("match[id]="));
  CHECK(!read("match[type]=a&match[type]=b"));
  CHECK(read("match[id]=nonsense")->impossible);
  CHECK(!read(fmt::format("match[id]=nonsense,{}", an_id))->impossible);
  CHECK(read("match[spec_version]=3.0")->impossible);
  CHECK(read("match[spec_version]=2.0,3.0")->spec_versions ==
        std::vector<model::SpecVersion>{model::SpecVersion::v2_0});
  CHECK(read("colour=blue"));
}

TEST_CASE("two queries have one text when they ask the same, and only then") {
  CHECK(read("match[type]=a,b")->text() == read("match[type]=b,a&limit=5")->text());
  CHECK(read("match[type]=a,b")->text() == read("match[type]=a,b&next=x")->text());
  const char* const different[] = {"",
                                   "match[type]=a",
                                   "match[type]=a,b",
                                   "match[type]=a%20t1:b",
                                   "match[version]=first",
                                   "match[version]=all",
                                   "match[version]=first,last",
                                   "match[version]=2017-01-20T00:00:00Z",
                                   "match[spec_version]=2.0",
                                   "match[spec_version]=2.0,2.1",
                                   "match[id]=nonsense",
                                   "added_after=2017-01-20T00:00:00Z"};
  for (const auto* a : different)
    for (const auto* b : different) {
      CAPTURE(a);
      CAPTURE(b);
      CHECK((read(a)->text() == read(b)->text()) == (a == b));
    }
}
