#include "exchange/taxii/media_type.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

TEST_CASE("an Accept field is met when it leaves room for TAXII 2.1") {
  struct Row {
    const char* accept;
    bool met;
  };
  const Row rows[] = {
      {"application/taxii+json;version=2.1", true},
      {"application/taxii+json; version=2.1", true},
      {"application/taxii+json ; version = 2.1", true},
      {"application/taxii+json;version=\"2.1\"", true},
      {"Application/TAXII+JSON;Version=2.1", true},
      {"application/taxii+json", true},  // the newest
      {"application/taxii+json;version=2.1;q=0.3", true},
      {"text/html, application/taxii+json;version=2.1;q=0.9", true},
      {"application/taxii+json;version=2.0, application/taxii+json;version=2.1", true},
      {"application/taxii+json;version=2.0, */*;q=0.1", true},
      {"application/*", true},
      {"*/*", true},
      {"application/taxii+json;version=2.0", false},
      {"application/taxii+json;version=2.10", false},
      {"application/taxii+json;version=", true},
      {"application/json", false},
      {"application/vnd.oasis.taxii+json;version=2.0", false},
      {"application/stix+json;version=2.1", false},
      {"text/html", false},
      {"", false},
      {"application/taxii+json;version=2.1;q=0", false},
      {"application/taxii+json;version=2.1;q=0.000, */*", false},  // the closest range decides
      {"application/taxii+json;q=0, */*;q=1", false},
      {"text/html;title=\"application/taxii+json\"", false},
      {"text/x;a=\"b,application/taxii+json\"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.accept);
    CHECK(accepts_taxii({{"Accept", row.accept}}) == row.met);
  }
}

TEST_CASE("no Accept field means anything, several are one list") {
  CHECK(accepts_taxii({}));
  CHECK(accepts_taxii({{"Accept", "text/html"}, {"accept", "application/taxii+json"}}));
  CHECK(!accepts_taxii({{"Accept", "text/html"}, {"accept", "text/plain"}}));
}

TEST_CASE("a body is TAXII when its Content-Type says so") {
  CHECK(is_taxii("application/taxii+json;version=2.1"));
  CHECK(is_taxii("application/taxii+json"));
  CHECK(is_taxii("APPLICATION/taxii+json; charset=utf-8; version=\"2.1\""));
  CHECK(!is_taxii("application/taxii+json;version=2.0"));
  CHECK(!is_taxii("application/json"));
  CHECK(!is_taxii("application/stix+json;version=2.1"));
  CHECK(!is_taxii("application/*"));
  CHECK(!is_taxii("*/*"));
  CHECK(!is_taxii(""));
}

TEST_CASE("gzip is sent where it is asked for no less than the bytes as they are") {
  const auto asks = [](std::string_view field) {
    net::Headers headers;
    headers.add("Accept-Encoding", field);
    return accepts_gzip(headers);
  };
  CHECK(!accepts_gzip({}));
  for (const auto* yes : {"gzip",
                          "GZIP",
                          "x-gzip",
                          "deflate, gzip;q=0.5",
                          "*",
                          "gzip ; q=1.000",
                          "br, *;q=0.1",
                          "gzip;q=0.8, identity;q=0.5",
                          "gzip, identity"}) {
    CAPTURE(yes);
    CHECK(asks(yes));
  }
  for (const auto* no : {"",
                         "identity",
                         "br",
                         "gzip;q=0",
                         "gzip;q=0.000",
                         "*;q=0",
                         "gzip;q=0, *",
                         "gzip;q=x",
                         "gzip;q=0.2, identity;q=0.9",
                         "gzipped"}) {
    CAPTURE(no);
    CHECK(!asks(no));
  }
}
