#include "detect/pattern/comparison.h"

#include <doctest/doctest.h>

#include "detect/pattern/event_observation.h"
#include "detect/pattern/expression.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

/// "yes", "no", "undecided: why" or "error: why" of `[...]` over one observed-data with these objects.
std::string answer(const std::string& bracket, const std::string& objects) {
  const auto document = model::JsonDocument::parse(
      R"({"type": "observed-data", "first_observed": "2024-01-01T00:00:00Z",
          "last_observed": "2024-01-01T00:00:00Z", "number_observed": 1, "objects": )" +
      objects + "}");
  REQUIRE(document);
  const auto observations = read_observations(*document);
  REQUIRE(observations);
  const auto code = PatternCode::compile("[" + bracket + "]");
  if (!code) return "error: " + code.error().message;
  const auto verdict = match_pattern(*code, *observations);
  REQUIRE(verdict);
  if (!verdict->undecided.empty()) return "undecided: " + verdict->undecided;
  return verdict->matched ? "yes" : "no";
}

std::string of_x(const std::string& bracket, const std::string& members) {
  return answer(bracket, R"({"0": {"type": "x", )" + members + "}}");
}

std::string error_of(const std::string& bracket) {
  return of_x(bracket, R"("a": 1)");
}

}  // namespace

TEST_CASE("numbers compare by value, integers exactly at any size") {
  const auto big = R"("n": 9007199254740993, "huge": 123456789012345678901234567890, "f": 5.0, "e": 5e0)";
  CHECK(of_x("x:n = 9007199254740993", big) == "yes");
  CHECK(of_x("x:n = 9007199254740992", big) == "no");
  CHECK(of_x("x:n > 9007199254740992.0", big) == "yes");
  CHECK(of_x("x:huge = 123456789012345678901234567890", big) == "yes");
  CHECK(of_x("x:huge = 123456789012345678901234567891", big) == "no");
  CHECK(of_x("x:huge > -123456789012345678901234567891", big) == "yes");
  CHECK(of_x("x:huge > 9223372036854775807", big) == "yes");
  CHECK(of_x("x:f = 5 AND x:e = 5", big) == "yes");
}

TEST_CASE("values of another type compare false, and their negation true") {
  const auto text = R"("s": "5", "l": ["5"], "d": {"k": 1}, "z": null)";
  CHECK(of_x("x:s = 5", text) == "no");
  CHECK(of_x("x:s != 5", text) == "yes");
  CHECK(of_x("x:s NOT < 5", text) == "yes");
  CHECK(of_x("x:l = '5'", text) == "no");
  CHECK(of_x("x:l[0] = '5'", text) == "yes");
  CHECK(of_x("x:d != 'k'", text) == "yes");
  CHECK(of_x("x:z != 'a'", text) == "yes");
  CHECK(of_x("x:absent != 'a'", text) == "no");
  CHECK(of_x("x:absent NOT IN ('a')", text) == "no");
}

TEST_CASE("EXISTS asks for the property, and NOT EXISTS for an object without it") {
  CHECK(of_x("EXISTS x:a.b", R"("a": {"b": 1})") == "yes");
  CHECK(of_x("NOT EXISTS x:a.b", R"("a": {"b": 1})") == "no");
  CHECK(of_x("NOT EXISTS x:a.c", R"("a": {"b": 1})") == "yes");
  CHECK(of_x("NOT EXISTS y:a", R"("a": {"b": 1})") == "no");
}

TEST_CASE("strings compare by code point; LIKE and MATCHES see both sides in NFC") {
  const auto text = R"("c": "\u00e9", "d": "e\u0301", "n": "a\nb")";
  CHECK(of_x("x:c = 'é'", text) == "yes");
  CHECK(of_x("x:d = 'é'", text) == "no");
  CHECK(of_x("x:d LIKE 'é'", text) == "yes");
  CHECK(of_x("x:d LIKE '_'", text) == "yes");
  CHECK(of_x("x:c MATCHES '^e\u0301$'", text) == "yes");
  CHECK(of_x("x:n LIKE 'a%b'", text) == "yes");
  CHECK(of_x("x:n LIKE 'a'", text) == "no");
  CHECK(of_x("x:c > 'z'", text) == "yes");
}

TEST_CASE("MATCHES searches as PCRE does, and refuses what takes more than linear time by name") {
  const auto text = R"("s": "run me\n", "h": "a\tb")";
  CHECK(of_x("x:s MATCHES 'un'", text) == "yes");
  CHECK(of_x("x:s MATCHES 'me$'", text) == "yes");
  CHECK(of_x("x:s MATCHES 'me\\\\z'", text) == "no");
  CHECK(of_x("x:s MATCHES '(?<word>RUN)(?#note)'", text) == "no");
  CHECK(of_x("x:s MATCHES '(?i)(?<word>RUN)(?#note)'", text) == "yes");
  CHECK(of_x("x:h MATCHES 'a[\\\\h[:digit:]]b'", text) == "yes");
  CHECK(of_x("x:s NOT MATCHES '[[:digit:]]'", text) == "yes");
  CHECK(error_of("x:s MATCHES '(a)\\\\1'").find("back-references") != std::string::npos);
  CHECK(error_of("x:s MATCHES 'a(?=b)'").find("look-around") != std::string::npos);
  CHECK(error_of("x:s MATCHES '(?<!a)b'").find("look-around") != std::string::npos);
  CHECK(error_of("x:s MATCHES 'a++b'").find("possessive") != std::string::npos);
  CHECK(error_of("x:s MATCHES '(?>a)b'").find("atomic") != std::string::npos);
  CHECK(error_of("x:s MATCHES '(?R)'").find("recursion") != std::string::npos);
  CHECK(error_of("x:s MATCHES '(('").starts_with("error: at 1: MATCHES"));
  CHECK(error_of("x:s MATCHES '((a{1,1000}){1,1000}){1,1000}'").starts_with("error"));
}

TEST_CASE("an expression known to explode ends at once") {
  const auto text = "\"s\": \"" + std::string(30'000, 'a') + "!\"";
  CHECK(of_x("x:s MATCHES '^(a+)+$'", text) == "no");
  CHECK(of_x("x:s LIKE '%a%a%a%a%a%a%a%a%b'", text) == "no");
}

TEST_CASE("properties in _hex and _bin are bytes, and so are b and h literals") {
  const auto bytes =
      R"("m_hex": "FFD8", "p_bin": "/9g=", "s": "\u00ff\u00d8", "u": "\u0100", "bad_hex": "F")";
  CHECK(of_x("x:m_hex = h'ffd8' AND x:p_bin = b'/9g='", bytes) == "yes");
  CHECK(of_x("x:s = h'ffd8' AND x:m_hex = 'ÿØ'", bytes) == "yes");
  CHECK(of_x("x:u = h'00' OR x:u < h'ff'", bytes) == "no");
  CHECK(of_x("x:m_hex MATCHES '^\\\\xff\\\\xd8$' AND x:m_hex LIKE '__'", bytes) == "yes");
  CHECK(of_x("x:m_hex MATCHES 'Ā'", bytes) == "no");
  CHECK(of_x("x:bad_hex = h'0f'", bytes).starts_with("undecided: x:bad_hex"));
  CHECK(of_x("x:bad_hex = h'0f' OR x:m_hex = h'ffd8'", bytes) == "yes");
}

TEST_CASE("instants compare at every precision; a text that is none leaves the answer open") {
  const auto times = R"("t": "2024-01-01T00:00:00.12345678Z", "bad": "yesterday", "n": 5)";
  CHECK(of_x("x:t = t'2024-01-01T00:00:00.12345678Z'", times) == "yes");
  CHECK(of_x("x:t < t'2024-01-01T00:00:00.12345679Z'", times) == "yes");
  CHECK(of_x("x:t = t'2024-01-01T00:00:00.123456Z'", times) == "no");
  CHECK(of_x("x:n != t'2024-01-01T00:00:00Z'", times) == "yes");
  CHECK(of_x("x:bad = t'2024-01-01T00:00:00Z'", times).starts_with("undecided: x:bad is no time"));
  CHECK(of_x("x:bad != t'2024-01-01T00:00:00Z'", times).starts_with("undecided"));
}

TEST_CASE("ISSUBSET and ISSUPERSET know networks of IPv4 and IPv6, host bits and all") {
  const auto networks =
      R"("a": "192.0.2.77", "n": "192.0.2.64/26", "s": "2001:db8::1", "w": "2001:db8::/32", "d": "x.y")";
  CHECK(of_x("x:a ISSUBSET '192.0.2.99/25'", networks) == "yes");
  CHECK(of_x("x:a ISSUBSET '192.0.2.128/25'", networks) == "no");
  CHECK(of_x("x:a ISSUBSET '192.0.2.77'", networks) == "yes");
  CHECK(of_x("x:n ISSUPERSET '192.0.2.77' AND x:n ISSUBSET '192.0.2.64/26'", networks) == "yes");
  CHECK(of_x("x:n ISSUBSET '192.0.2.64/27'", networks) == "no");
  CHECK(of_x("x:s ISSUBSET '2001:db8::/32' AND x:w ISSUPERSET '2001:db8:1::/48'", networks) == "yes");
  CHECK(of_x("x:a ISSUBSET '::/0'", networks) == "no");
  CHECK(of_x("x:d ISSUBSET '0.0.0.0/0'", networks) == "no");
  CHECK(of_x("x:d NOT ISSUBSET '0.0.0.0/0'", networks) == "yes");
  CHECK(error_of("x:a ISSUBSET 'nowhere'").starts_with("error: at 1: "));
}

TEST_CASE("paths lead through lists, quoted names, extensions and references, in cycles too") {
  const auto objects = R"({"0": {"type": "file", "hashes": {"x-sum": "aa"}, "parent_directory_ref": "1",
      "extensions": {"archive-ext": {"contains_refs": ["0", "2", "9"]}}},
    "1": {"type": "directory", "path": "/tmp", "contains_refs": ["0"]},
    "2": {"type": "file", "name": "inner"}})";
  CHECK(answer("file:hashes.'x-sum' = 'aa'", objects) == "yes");
  CHECK(answer("file:parent_directory_ref.path = '/tmp'", objects) == "yes");
  CHECK(answer("file:parent_directory_ref = '1'", objects) == "yes");
  CHECK(answer("file:extensions.'archive-ext'.contains_refs[*].name = 'inner'", objects) == "yes");
  CHECK(answer("file:extensions.'archive-ext'.contains_refs[1].name = 'inner'", objects) == "yes");
  CHECK(answer("file:extensions.'archive-ext'.contains_refs[0].name = 'inner'", objects) == "no");
  CHECK(answer("file:extensions.'archive-ext'.contains_refs[-1].name = 'inner'", objects) == "no");
  std::string round = "file:";
  for (int i = 0; i < 60; ++i) round += "parent_directory_ref.contains_refs[*].";
  CHECK(answer(round + "hashes.'x-sum' = 'aa'", objects) == "yes");
  CHECK(answer("file:hashes.'x-sum' = 'aa' AND file:name = 'inner'", objects) == "no");  // two objects
}

TEST_CASE("IN over values of several types cannot be evaluated") {
  CHECK(error_of("x:a IN (1, 'b')").find("several types") != std::string::npos);
  CHECK(error_of("x:a IN (1.5, 1)") == "yes");
  CHECK(error_of("x:a IN (h'00', b'AA==')") == "no");
}

TEST_CASE("a long IN is asked as a short one") {
  std::string list = "'0'";
  for (int i = 1; i < 50; ++i) list += fmt::format(", '{}'", i);
  CHECK(of_x("x:a IN (" + list + ")", R"("a": "49")") == "yes");
  CHECK(of_x("x:a IN (" + list + ")", R"("a": "50")") == "no");
  CHECK(of_x("x:a IN (" + list + ")", R"("a": 49)") == "no");
  CHECK(of_x("x:a NOT IN (" + list + ")", R"("a": 49)") == "yes");
  CHECK(of_x("x:a_hex IN (" + list + ")", R"("a_hex": "3439")") == "yes");
}

TEST_CASE("what object_refs and references name is looked for in the same bundle") {
  const auto document = model::JsonDocument::parse(R"([{"type": "bundle", "objects": [
      {"type": "observed-data", "id": "observed-data--1", "first_observed": "2024-01-01T00:00:00Z",
       "last_observed": "2024-01-01T00:00:01Z", "number_observed": 2, "object_refs": ["a--1", "gone--1"]},
      {"type": "a", "id": "a--1", "b_ref": "b--1"}, {"type": "b", "id": "b--1", "n": 1}]},
    {"type": "bundle", "objects": [{"type": "b", "id": "gone--1", "n": 2}]}])");
  REQUIRE(document);
  const auto observations = read_observations(*document);
  REQUIRE(observations);
  REQUIRE(observations->size() == 1);
  const auto matches = [&](const char* pattern) {
    return match_pattern(*PatternCode::compile(pattern), *observations)->matched;
  };
  CHECK(matches("[a:b_ref.n = 1]"));
  CHECK_FALSE(matches("[b:n = 1]"));  // not among object_refs
  CHECK_FALSE(matches("[b:n = 2]"));
  CHECK(matches("[EXISTS a:id] REPEATS 2 TIMES"));
}

TEST_CASE("observed-data without its times or number is refused with its name") {
  const auto error = [](const char* json) {
    const auto observations = read_observations(*model::JsonDocument::parse(json));
    return observations ? "" : observations.error().message;
  };
  CHECK(error(R"({"objects": {}, "number_observed": 1})").starts_with("observed-data 1: first_observed"));
  CHECK(error(R"({"id": "o--1", "type": "observed-data", "first_observed": "2024-01-01T00:00:01Z",
                  "last_observed": "2024-01-01T00:00:00Z", "number_observed": 1})") ==
        "o--1: last_observed is before first_observed");
  CHECK(error(R"([{"objects": {}, "first_observed": "2024-01-01T00:00:01Z",
                   "last_observed": "2024-01-01T00:00:01Z", "number_observed": 0}])")
            .find("number_observed") != std::string::npos);
  CHECK(error("[5]").starts_with("entry 1"));
}

TEST_CASE("fields of an event become the cyber-observables of patterns") {
  const Record record{.line = 1,
                      .fields = {{"id.orig_h", "192.0.2.9"},
                                 {"id.resp_h", "2001:db8::7"},
                                 {"id.resp_p", "443", false},
                                 {"proto", "TCP"},
                                 {"host", "evil.example"},
                                 {"uri", "/a?b"},
                                 {"user_agent", "curl/8"},
                                 {"filename", "C:\\tmp\\x.exe"},
                                 {"md5", "D41D8CD98F00B204E9800998ECF8427E"},
                                 {"mailfrom", "Bob <bob@evil.example>"},
                                 {"unknown", "value"}}};
  Observation seen;
  REQUIRE(observe(record, {5}, seen));
  PatternScratch scratch;
  for (const auto* const pattern :
       {"[ipv4-addr:value = '192.0.2.9']",
        "[network-traffic:dst_ref.value = '2001:db8::7' AND network-traffic:dst_port = 443 "
        "AND network-traffic:protocols[*] = 'tcp']",
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[0] "
        "LIKE 'curl%']",
        "[url:value = 'http://evil.example/a?b']",
        "[domain-name:value = 'evil.example']",
        "[file:name = 'x.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
        "[email-addr:value = 'bob@evil.example']"})
    CHECK_MESSAGE(PatternCode::compile(pattern)->brackets[0].test(seen, scratch) == Truth::yes, pattern);
  CHECK_FALSE(observe(Record{.line = 1, .fields = {{"unknown", "value"}}}, {5}, seen));
}
