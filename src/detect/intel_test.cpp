#include "detect/intel.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

Intel intel_of(std::string_view text, const ListOptions& options = {}) {
  Intel intel;
  wire::MemoryReader source(text);
  const auto done = read_intel(source, "list", options, intel);
  if (!done) MESSAGE(done.error().message);
  return intel;
}

/// "id kind=value kind=value|..."
std::string entries(const Intel& intel) {
  std::string out;
  for (const auto& indicator : intel.indicators) {
    out += (out.empty() ? "" : "|") + indicator.id;
    for (const auto& value : indicator.values) out += fmt::format(" {}={}", name_of(value.kind), value.text);
  }
  return out;
}

std::string entries(std::string_view text, const ListOptions& options = {}) {
  return entries(intel_of(text, options));
}

constexpr std::string_view bundle = R"({"type":"bundle","id":"bundle--1","objects":[
  {"type":"indicator","id":"indicator--a","name":"A","pattern":"[ipv4-addr:value = '192.0.2.1']","pattern_type":"stix",
   "valid_from":"2024-01-01T00:00:00Z","valid_until":"2025-01-01T00:00:00Z","confidence":70},
  {"type":"malware","id":"malware--b"},
  {"type":"indicator","id":"indicator--c","pattern":"rule x {}","pattern_type":"yara","valid_from":"2024-01-01T00:00:00Z"},
  {"type":"indicator","id":"indicator--d","pattern":"[ipv4-addr:value = '192.0.2.2']","revoked":true},
  {"type":"indicator","id":"indicator--e","pattern":"[a:b=1]","valid_from":"soon"}]})";

}  // namespace

TEST_CASE(
    "indicators come out of a STIX bundle with their times; other languages and broken ones are listed") {
  const auto intel = intel_of(bundle);
  REQUIRE(intel.indicators.size() == 2);
  const auto& first = intel.indicators[0];
  CHECK(first.id == "indicator--a");
  CHECK(first.name == "A");
  CHECK(first.source == "list");
  CHECK(first.valid_from == parse_time("2024-01-01T00:00:00Z")->at);
  CHECK(first.valid_until == parse_time("2025-01-01T00:00:00Z")->at);
  CHECK(first.confidence == 70);
  CHECK(intel.indicators[1].revoked);
  CHECK(intel.indicators[1].valid_until == Timestamp::never());
  CHECK(intel.other_objects == 1);
  REQUIRE(intel.unused.size() == 2);
  CHECK(intel.unused[0].id == "indicator--c");
  CHECK(intel.unused[0].reason.find("yara") != std::string::npos);
  CHECK(intel.unused[1].reason.find("valid_from") != std::string::npos);
}

TEST_CASE("a bundle that is cut gives what came before and says so") {
  Intel intel;
  wire::MemoryReader source(bundle.substr(0, 400));
  CHECK_FALSE(read_intel(source, "list", {}, intel));
  CHECK(intel.indicators.size() == 1);
}

TEST_CASE("a list has one value a line, its kind is guessed, remarks are passed over") {
  CHECK(entries("\xef\xbb\xbf# remarks\n192.0.2.1\n\n; more\n// more\nhxxp://evil[.]example/x  # "
                "bad\r\n*.evil.example\n2001:db8::/32\n") ==
        "list:2 ipv4=192.0.2.1|list:6 url=http://evil.example/x|list:7 domain=evil.example|list:8 "
        "ipv6_cidr=2001:db8::/32");
  CHECK(entries("evil.example/x\n") == "list:1 url=http://evil.example/x url=https://evil.example/x");
  CHECK(entries("192.0.2.1 seen by us\n") == "list:1 ipv4=192.0.2.1");
}

TEST_CASE("a named kind holds for every line") {
  CHECK(entries("Evil Tool.EXE\n", {.kind = model::ValueKind::file_name}) ==
        "list:1 file_name=evil tool.exe");
  const auto intel = intel_of("192.0.2.1\n", {.kind = model::ValueKind::domain});
  CHECK(intel.indicators.empty());
  CHECK(intel.unused_count == 1);
}

TEST_CASE("what is no value is listed with its line") {
  const auto intel = intel_of("nonsense\n192.0.2.1\n1.2.3\n");
  CHECK(intel.indicators.size() == 1);
  REQUIRE(intel.unused.size() == 2);
  CHECK(intel.unused[1].id == "list:3");
}

TEST_CASE("a column that the header does not have is an error that names those it has") {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("shieldwall-column-{}.csv", ::getpid());
  std::ofstream(path) << "comment,value\nupdate.tidewater.example,198.51.100.23\n";
  Intel intel;
  const auto read = read_intel_file(path.string(), {.kind = {}, .column = "valeu"}, intel);
  std::filesystem::remove(path);
  REQUIRE_FALSE(read);
  CHECK(read.error().message.ends_with("no column 'valeu'; there are comment, value"));
}

TEST_CASE("CSV: a value column with a kind column, columns of kinds, or the first field that fits") {
  CHECK(entries("id,type,value\n1,ip-dst,192.0.2.1\n2,domain,Evil.example\n") ==
        "list:2 ipv4=192.0.2.1|list:3 domain=evil.example");
  CHECK(entries("name,ip,domain\nx,192.0.2.1,evil.example\ny,,b.example\n") ==
        "list:2 ipv4=192.0.2.1|list:2#2 domain=evil.example|list:3 domain=b.example");
  CHECK(entries("# abuse\n\"2024-01-01 00:00:00\",\"192.0.2.1\",\"443\"\n") == "list:2 ipv4=192.0.2.1");
  CHECK(entries("what;where\n1;evil.example\n", {.column = "where"}) == "list:2 domain=evil.example");
  CHECK(entries("indicator\n192.0.2.1\n") == "list:2 ipv4=192.0.2.1");
  CHECK(entries("a,value\n1,\"x\n") == "");
}

TEST_CASE("Zeek's intel format is read by its #fields") {
  CHECK(entries("#fields\tindicator\tindicator_type\tmeta.source\n192.0.2.1\tIntel::ADDR\tx\nevil.example/"
                "a\tIntel::URL\tx\n") ==
        "list:2 ipv4=192.0.2.1|list:3 url=http://evil.example/a url=https://evil.example/a");
}

TEST_CASE("a missing file and damaged JSON are errors that name the file") {
  Intel intel;
  const auto missing = read_intel_file("/nonexistent/x", {}, intel);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.starts_with("/nonexistent/x"));
  wire::MemoryReader source("{nonsense");
  CHECK_FALSE(read_intel(source, "list", {}, intel));
}
