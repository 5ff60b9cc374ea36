#include <algorithm>

#include <doctest/doctest.h>

#include "detect/matcher.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr Timestamp now{1'700'000'000'000'000};

Indicator an_indicator(std::string pattern) {
  return {.id = "indicator--1", .name = {}, .source = "test", .pattern = std::move(pattern)};
}

Matcher matcher_of(const std::vector<std::string>& patterns) {
  std::vector<Indicator> indicators;
  for (const auto& pattern : patterns) indicators.push_back(an_indicator(pattern));
  return compile(std::move(indicators), {.now = now});
}

/// "field=value#indicator" of each match, separated by spaces.
std::string found(Scanner& scanner, const Record& record) {
  std::string out;
  for (const auto& match : scanner.scan(record))
    out += fmt::format("{}{}={}#{}", out.empty() ? "" : " ", match.field, match.value, match.indicator);
  return out;
}

/// What one field named f with this value hits.
std::string hits(const std::vector<std::string>& patterns,
                 std::string_view value,
                 FreeText text = FreeText::whole) {
  Scanner scanner(matcher_of(patterns), text);
  return found(scanner, {.line = 1, .fields = {{.name = "f", .value = value}}});
}

std::string prose_hits(const std::vector<std::string>& patterns, std::string_view text) {
  Scanner scanner(matcher_of(patterns));
  return found(scanner, {.line = 1, .fields = {{.name = "", .value = text}}, .is_prose = true});
}

std::string unused_reason(std::string pattern) {
  const auto matcher = matcher_of({std::move(pattern)});
  return matcher.unused().empty() ? "" : matcher.unused()[0].reason;
}

}  // namespace

TEST_CASE("an address hits in every spelling, with a port, and in every network that holds it") {
  const std::vector<std::string> patterns = {
      "[ipv4-addr:value = '192.0.2.7']",
      "[ipv4-addr:value = '192.0.2.0/24' OR ipv6-addr:value = '2001:DB8::/32']",
      "[ipv6-addr:value = '2001:db8:0::1']"};
  CHECK(hits(patterns, "192.0.2.7") == "f=192.0.2.7#0 f=192.0.2.7#1");
  CHECK(hits(patterns, "::ffff:192.0.2.7") == "f=192.0.2.7#0 f=192.0.2.7#1");
  CHECK(hits(patterns, "192.0.2.7:443") == "f=192.0.2.7#0 f=192.0.2.7#1");
  CHECK(hits(patterns, "192.0.2.8") == "f=192.0.2.8#1");
  CHECK(hits(patterns, "192.0.3.7") == "");
  CHECK(hits(patterns, "2001:0DB8:0:0::0001") == "f=2001:db8::1#2 f=2001:db8::1#1");
  CHECK(hits(patterns, "[2001:db8::1]:53") == "f=2001:db8::1#2 f=2001:db8::1#1");
  CHECK(hits(patterns, "2001:db9::1") == "");
  CHECK(hits(patterns, "1192.0.2.7") == "");
  CHECK(hits(patterns, "192.0.2.7x") == "");
}

TEST_CASE("a domain hits in any case, with a trailing dot or port, and under every name below it") {
  const std::vector<std::string> patterns = {"[domain-name:value = 'evil.example']",
                                             "[domain-name:value = 'bücher.example']"};
  CHECK(hits(patterns, "Evil.Example.") == "f=evil.example#0");
  CHECK(hits(patterns, "a.b.evil.example") == "f=a.b.evil.example#0");
  CHECK(hits(patterns, "evil.example:8080") == "f=evil.example#0");
  CHECK(hits(patterns, "*.evil.example") == "f=evil.example#0");
  CHECK(hits(patterns, "evil[.]example") == "f=evil.example#0");
  CHECK(hits(patterns, "XN--bcher-kva.example") == "f=xn--bcher-kva.example#1");
  CHECK(hits(patterns, "www.BÜCHER.example") == "f=www.xn--bcher-kva.example#1");
  CHECK(hits(patterns, "notevil.example") == "");
  CHECK(hits(patterns, "evil.example.org") == "");
  CHECK(hits(patterns, "a..evil.example") == "");
  CHECK(hits(patterns, "example") == "");
}

TEST_CASE("a URL hits in full, put together from host and path, and by its host") {
  const std::vector<std::string> patterns = {"[url:value = 'http://evil.example/a%7Eb?q=1']",
                                             "[url:value = 'https://evil.example:8443/x']",
                                             "[domain-name:value = 'evil.example']"};
  CHECK(hits(patterns, "HTTP://EVIL.example:80/x/../a~b?q=1#top") ==
        "f=evil.example#2 f=http://evil.example/a~b?q=1#0");
  CHECK(hits(patterns, "hxxp://evil[.]example/a~b?q=1") ==
        "f=evil.example#2 f=http://evil.example/a~b?q=1#0");
  CHECK(hits(patterns, "evil.example/a~b?q=1") == "f=http://evil.example/a~b?q=1#0");
  CHECK(hits(patterns, "http://other.example/a~b?q=1") == "");
  Scanner scanner(matcher_of(patterns));
  CHECK(found(scanner, {.line = 1, .fields = {{"host", "evil.example:8443"}, {"uri", "/x"}}}) ==
        "host=evil.example#2 host+uri=https://evil.example:8443/x#1");
  CHECK(found(scanner,
              {.line = 1,
               .fields = {{"url.domain", "evil.example"}, {"url.path", "/a~b"}, {"url.query", "q=1"}}}) ==
        "url.domain=evil.example#2 url.domain+url.path=http://evil.example/a~b?q=1#0");
  CHECK(found(scanner, {.line = 1, .fields = {{"uri", "/x"}}}) == "");
}

TEST_CASE("hashes, e-mail addresses and file names hit in any case") {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::vector<std::string> patterns = {"[file:hashes.MD5 = '" + md5 + "']",
                                             "[email-addr:value = 'J.Doe@evil.example']",
                                             "[file:name = 'Evil.EXE']"};
  CHECK(hits(patterns, "0123456789ABCDEF0123456789ABCDEF") == "f=" + md5 + "#0");
  CHECK(hits(patterns, md5 + "0") == "");
  CHECK(hits(patterns, "j.doe@EVIL.example") == "f=j.doe@evil.example#1");
  CHECK(hits(patterns, "\"John Doe\" <j.doe@evil.example>") == "f=j.doe@evil.example#1");
  CHECK(hits(patterns, "C:\\Users\\x\\evil.exe") == "f=evil.exe#2");
  CHECK(hits(patterns, "/tmp/EVIL.exe") == "f=evil.exe#2");
  CHECK(hits(patterns, "notevil.exe") == "");
}

TEST_CASE("fingerprints, MAC addresses and paths are known by their looks") {
  const std::string ja3 = "e7d705a3286e19ea42f587b344ee6865";
  const std::string ja4 = "t13d1516h2_8daaf6152771_b186095e22b6";
  const auto value = [](model::ValueKind kind, const std::string& text) {
    return Indicator{.id = "v", .pattern = text, .values = {*model::canonical(kind, text)}};
  };
  Scanner scanner(compile({value(model::ValueKind::ja3, ja3),
                           value(model::ValueKind::ja4, ja4),
                           value(model::ValueKind::mac, "00-1B-44-11-3A-B7"),
                           value(model::ValueKind::file_path, "C:\\Users\\Evil"),
                           value(model::ValueKind::file_path, "/opt/evil/x.bin")},
                          {.now = now}));
  const auto of = [&](std::string_view text) { return found(scanner, {.line = 1, .fields = {{"f", text}}}); };
  CHECK(of("E7D705A3286E19EA42F587B344EE6865") == "f=" + ja3 + "#0");
  CHECK(of("T13D1516H2_8daaf6152771_b186095e22b6") == "f=" + ja4 + "#1");
  CHECK(of("001b.4411.3ab7") == "f=00:1b:44:11:3a:b7#2");
  CHECK(of("00:1b:44:11:3a:b8") == "");
  CHECK(of("c:\\users\\EVIL\\a.exe") == "f=c:/users/evil/a.exe#3");
  CHECK(of("c:\\users\\evil") == "f=c:/users/evil#3");
  CHECK(of("c:\\users\\evil2\\a.exe") == "");
  CHECK(of("/opt//evil/x.bin") == "f=/opt/evil/x.bin#4");
  CHECK(of("/opt/Evil/x.bin") == "");
}

TEST_CASE("user agents, mutexes, registry keys, AS numbers and serials are known by their field") {
  const std::vector<std::string> patterns = {
      "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'evil/1.0']",
      "[mutex:name = 'Global\\\\evil']",
      "[windows-registry-key:key = 'HKLM\\\\Software\\\\Evil']",
      "[autonomous-system:number = 64500]",
      "[x509-certificate:serial_number = '00:AB:CD']"};
  Scanner scanner(matcher_of(patterns));
  const auto of = [&](std::string_view name, std::string_view value, bool is_text = true) {
    return found(scanner, {.line = 1, .fields = {{name, value, is_text}}});
  };
  CHECK(of("user_agent.original", "evil/1.0") == "user_agent.original=evil/1.0#0");
  CHECK(of("httpUserAgent", "evil/1.0") == "httpUserAgent=evil/1.0#0");
  CHECK(of("user_agent", "Evil/1.0") == "");
  CHECK(of("note", "evil/1.0") == "");
  CHECK(of("MutexName", "Global\\evil") == "MutexName=Global\\evil#1");
  CHECK(of("TargetObject", "HKLM\\SOFTWARE\\Evil\\Run") ==
        "TargetObject=hkey_local_machine\\software\\evil\\run#2");
  CHECK(of("registry.path", "HKLM\\software\\evil") == "registry.path=hkey_local_machine\\software\\evil#2");
  CHECK(of("as.number", "64500", false) == "as.number=64500#3");
  CHECK(of("src_asn", "AS64500") == "src_asn=64500#3");
  CHECK(of("alias_number", "64500", false) == "");
  CHECK(of("certificate.serial", "ABCD") == "certificate.serial=abcd#4");
  CHECK(of("serial_number", "0xabce") == "");
}

TEST_CASE("a value hits an indicator once per field; equal values of other fields hit again") {
  Scanner scanner(matcher_of({"[ipv4-addr:value IN ('192.0.2.7', '192.0.2.7/24')]"}));
  const Record record{.line = 1,
                      .fields = {{"answers", "192.0.2.7"}, {"answers", "192.0.2.7"}, {"src", "192.0.2.7"}}};
  CHECK(found(scanner, record) == "answers=192.0.2.7#0 src=192.0.2.7#0");
  CHECK(found(scanner, {.line = 2, .fields = {{"port", "192.0.2.7", false}}}) == "");
}

TEST_CASE("in a structured log a field counts as a whole, unless asked to look inside") {
  const std::vector<std::string> patterns = {"[ipv4-addr:value = '192.0.2.7']"};
  CHECK(hits(patterns, "login from 192.0.2.7 refused") == "");
  CHECK(hits(patterns, "login from 192.0.2.7 refused", FreeText::inside) == "f=192.0.2.7#0");
}

TEST_CASE("running text is searched at the borders of words") {
  const std::vector<std::string> patterns = {"[ipv4-addr:value = '192.0.2.7']",
                                             "[domain-name:value = 'evil.example']",
                                             "[url:value = 'http://evil.example/x']",
                                             "[email-addr:value = 'a@evil.example']",
                                             "[ipv6-addr:value = '2001:db8::']",
                                             "[file:name = 'evil.exe']"};
  CHECK(prose_hits(patterns, "Jan 1 00:00:00 h sshd: from 192.0.2.7:55, (192.0.2.7).") == "=192.0.2.7#0");
  CHECK(prose_hits(patterns, "src=192.0.2.7;dst=1.192.0.2.7") == "=192.0.2.7#0");
  CHECK(prose_hits(patterns, "192.0.2.77 v192.0.2.7 notevil.example") == "");
  CHECK(prose_hits(patterns, "query: Evil.example.") == "=evil.example#1");
  CHECK(prose_hits(patterns, "see \"hxxp://evil[.]example/x\".").find("=http://evil.example/x#2") !=
        std::string::npos);
  CHECK(prose_hits(patterns, "url=http://evil.example/x, next").find("=http://evil.example/x#2") !=
        std::string::npos);
  CHECK(prose_hits(patterns, "GET http://proxy/?u=http://evil.example/x").find("=http://evil.example/x#2") !=
        std::string::npos);
  CHECK(prose_hits(patterns, "mail from <a@evil.example>") == "=a@evil.example#3");
  CHECK(prose_hits(patterns, "net 2001:db8:: is") == "=2001:db8::#4");
  CHECK(prose_hits(patterns, "ran C:\\x\\evil.exe -f") == "=evil.exe#5");
  const auto finds_url = [&](std::string_view text) {
    return prose_hits(patterns, text).find("=http://evil.example/x#2") != std::string::npos;
  };
  CHECK(finds_url("{\"u\":\"http:\\/\\/evil.example\\/x\"}"));
  CHECK(finds_url("GET /r?to=http%3A%2F%2Fevil.example%2Fx"));
  CHECK(finds_url("eval(http:\\x2f\\x2fevil\\u002eexample\\x2fx"));
  CHECK(!finds_url("GET /r?to=http%3A%2F%2Fevil.example%2"));
}

TEST_CASE("revoked and future indicators do not take part, and are listed") {
  auto gone = an_indicator("[ipv4-addr:value = '192.0.2.1']");
  auto early = gone, fine = gone;
  gone.revoked = true;
  early.valid_from = now + seconds(1);
  fine.valid_from = now;
  fine.valid_until = now + seconds(1);
  const auto matcher = compile({gone, early, fine}, {.now = now});
  REQUIRE(matcher.unused().size() == 2);
  CHECK(matcher.unused()[0].reason == "revoked");
  CHECK(matcher.unused()[1].reason.starts_with("valid only from "));
  Scanner scanner(matcher);
  CHECK(found(scanner, {.line = 1, .fields = {{"f", "192.0.2.1"}}}) == "f=192.0.2.1#2");
}

TEST_CASE(
    "an indicator hits until its valid_until at the event's time, or at the scan's when there is none") {
  auto expired = an_indicator("[ipv4-addr:value = '192.0.2.1']");
  expired.valid_from = now - seconds(100);
  expired.valid_until = now - seconds(10);
  const auto matcher = compile({expired}, {.now = now});
  REQUIRE(matcher.unused().size() == 1);
  CHECK(matcher.unused()[0].partly);
  CHECK(matcher.unused()[0].reason.starts_with("expired at "));
  Scanner scanner(matcher);
  const auto at = [&](Timestamp time) {
    const auto text = to_text(time);
    return found(scanner, {.line = 1, .fields = {{"ts", text}, {"f", "192.0.2.1"}}});
  };
  CHECK(at(now - seconds(11)) == "f=192.0.2.1#0");
  CHECK(at(now - seconds(10)) == "");
  CHECK(at(now) == "");
  CHECK(at(now - seconds(1'000'000)) == "f=192.0.2.1#0");  // seen before anybody knew
  CHECK(found(scanner, {.line = 1, .fields = {{"f", "192.0.2.1"}}}) == "");
  expired.valid_until = now + seconds(1);
  Scanner scanner_before(compile({expired}, {.now = now}));
  CHECK(found(scanner_before, {.line = 1, .fields = {{"f", "192.0.2.1"}}}) == "f=192.0.2.1#0");
}

TEST_CASE("what would match everything is refused") {
  CHECK(unused_reason("[ipv4-addr:value = '1.2.3.4/0']").find("every address") != std::string::npos);
  CHECK(unused_reason("[ipv6-addr:value = '::/0']").find("every address") != std::string::npos);
  CHECK(unused_reason("[domain-name:value = 'co.uk']").find("public suffix") != std::string::npos);
  CHECK(unused_reason("[domain-name:value = 'com']").find("single label") != std::string::npos);
  CHECK(unused_reason("[domain-name:value = 'github.io']") == "");
  CHECK(unused_reason("[domain-name:value = '*']").find("'*'") != std::string::npos);
  CHECK(unused_reason("[domain-name:value = '']").find("empty") != std::string::npos);
  CHECK(unused_reason("[file:name = '']").find("empty") != std::string::npos);
  CHECK(unused_reason("[url:value = 'http://*']") != "");
}

TEST_CASE("a pattern that needs more than literals is listed with its reason; OR keeps the rest in use") {
  CHECK(unused_reason("[ipv4-addr:value = '192.0.2.1' AND domain-name:value = 'a.example']")
            .starts_with("AND inside"));
  CHECK(unused_reason("[ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'a.example']")
            .starts_with("AND and FOLLOWEDBY"));
  CHECK(unused_reason("[ipv4-addr:value = '192.0.2.1'] REPEATS 2 TIMES").starts_with("WITHIN"));
  CHECK(unused_reason("[ipv4-addr:value != '192.0.2.1']").starts_with("only ="));
  CHECK(unused_reason("[ipv4-addr:value NOT = '192.0.2.1']").starts_with("only ="));
  CHECK(unused_reason("[network-traffic:src_ref.value = '192.0.2.1']")
            .find("not looked for as a value alone") != std::string::npos);
  CHECK(unused_reason("[nonsense").find("does not parse") != std::string::npos);
  CHECK(unused_reason("[ipv4-addr:value ISSUBSET '192.0.2.0/24']") == "");
  const std::string mixed = "[ipv4-addr:value = '192.0.2.1'] OR [process:pid = 5]";
  const auto matcher = matcher_of({mixed});
  REQUIRE(matcher.unused().size() == 1);
  CHECK(matcher.unused()[0].partly);
  CHECK(hits({mixed}, "192.0.2.1") == "f=192.0.2.1#0");
  CHECK(hits({"([ipv4-addr:value = '192.0.2.1'])"}, "192.0.2.1") == "f=192.0.2.1#0");
}

TEST_CASE("a hundred thousand literals are all found, and nothing else") {
  std::vector<Indicator> indicators;
  for (int i = 0; i < 100'000; ++i) {
    auto indicator = an_indicator("x");
    indicator.values = {*model::canonical(model::ValueKind::domain, fmt::format("d{}.example", 2 * i))};
    indicators.push_back(std::move(indicator));
  }
  const auto matcher = compile(std::move(indicators), {.now = now});
  CHECK(matcher.literals() == 100'000);
  Scanner scanner(matcher);
  std::size_t wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto value = fmt::format("d{}.example", i);
    const auto& matches = scanner.scan({.line = 1, .fields = {{"f", value}}});
    const bool right = i % 2 == 0
                           ? matches.size() == 1 && matches[0].indicator == static_cast<std::size_t>(i / 2)
                           : matches.empty();
    wrong += right ? 0 : 1;
  }
  CHECK(wrong == 0);
}
