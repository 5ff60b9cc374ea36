#include "library/feed/feed.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::library::feed;

namespace {

using model::ValueKind;

constexpr Timestamp now{1'700'000'000'000'000};

std::string indicator(std::string_view pattern, std::string_view more = "") {
  return fmt::format(
      R"({{"type":"indicator","pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z","pattern":"{}"{}}})",
      pattern,
      more);
}

/// "kind text" of each value, or why there is none.
std::string judged(std::string_view text, const policy::Label& label = {}, const Demand& demand = {}) {
  const auto one = judge_indicator(text, label, demand, now);
  std::string said = one.refused;
  for (const auto& value : one.values) said += fmt::format("{} {};", name_of(value.kind), value.text);
  return one.most == Action::alert && one.refused.empty() ? said + " alert" : said;
}

policy::Label marked(policy::Tlp tlp, policy::Pap pap = policy::Pap::clear, const policy::Realm& realm = {}) {
  policy::Label label;
  label.tlp = tlp;
  label.pap = pap;
  label.realm = realm;
  return label;
}

model::CanonicalValue value(std::string_view text) {
  auto canonical = model::canonical_guess(text);
  REQUIRE(canonical);
  return *canonical;
}

std::string objection(const Guard& guard, std::string_view text) {
  return guard.objection(value(text)).value_or("");
}

std::vector<Line> lines(std::initializer_list<std::string_view> texts, Action action = Action::block) {
  std::vector<Line> all;
  for (const auto text : texts) all.push_back({value(text), action});
  std::ranges::sort(all);
  return all;
}

}  // namespace

TEST_CASE("only what alone makes a pattern true is given to a control") {
  CHECK(judged(indicator("[domain-name:value = 'Evil.Example.']")) == "domain evil.example;");
  CHECK(judged(indicator("[ipv4-addr:value IN ('192.0.2.1','192.0.2.2')]")) ==
        "ipv4 192.0.2.1;ipv4 192.0.2.2;");
  CHECK(judged(
            indicator("[ipv4-addr:value ISSUBSET '198.51.100.0/24'] OR [url:value = 'http://e.example/']")) ==
        "ipv4_cidr 198.51.100.0/24;url http://e.example/;");
  for (const auto* pattern :
       {"[domain-name:value = 'a.example' AND file:name = 'x']",
        "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] REPEATS 5 TIMES",
        "[domain-name:value != 'a.example']",
        "[network-traffic:src_ref.value = '192.0.2.1']"})
    CHECK_MESSAGE(judged(indicator(pattern)) == "its pattern names no single value of the feed's kinds",
                  pattern);
}

TEST_CASE("labels, permissible actions, time and confidence decide before a control gets anything") {
  const auto one = indicator("[domain-name:value = 'evil.example']");
  CHECK(judged(one, marked(policy::Tlp::amber_strict)).starts_with("it is TLP:AMBER+STRICT"));
  CHECK(judged(one, marked(policy::Tlp::clear, policy::Pap::amber)) == "domain evil.example; alert");
  CHECK(judged(one, marked(policy::Tlp::clear, policy::Pap::red)).starts_with("PAP:RED"));
  CHECK(judged(one, marked(policy::Tlp::clear, policy::Pap::green)) == "domain evil.example;");
  CHECK(judged(one, marked(policy::Tlp::clear, policy::Pap::clear, {Uuid{{1}}})) ==
        "it belongs to an exercise");
  const auto with = [](std::string_view more) {
    return indicator("[domain-name:value = 'evil.example']", more);
  };
  CHECK(judged(with(R"(,"valid_until":"2021-01-01T00:00:00Z")")) == "it has expired");
  CHECK(judged(with(R"(,"revoked":true)")) == "it is revoked");
  CHECK(judged(with(R"(,"confidence":50)"), {}, {.confidence_min = 60}) == "its confidence is below 60");
  CHECK(judged(one, {}, {.confidence_min = 1}) == "its confidence is below 1");
  CHECK(judged(one, {}, {.kinds = {ValueKind::ipv4}}).starts_with("its pattern names no"));
}

TEST_CASE("what must not be blocked is kept from every side") {
  Guard guard;
  guard.protect(value("www.bank.example"), "our bank");
  guard.protect(value("203.0.113.53"), "our resolver");
  guard.protect(value("2001:db8:1::/48"), "our network");
  CHECK(objection(guard, "www.bank.example") == "our bank");
  CHECK(objection(guard, "a.www.bank.example") == "our bank");
  CHECK(objection(guard, "bank.example") == "www.bank.example lies below it: our bank");
  CHECK(objection(guard, "other.example") == "");
  CHECK(objection(guard, "203.0.113.53") == "our resolver");
  CHECK(objection(guard, "203.0.113.0/24") == "our resolver");
  CHECK(objection(guard, "203.0.113.54") == "");
  CHECK(objection(guard, "203.0.112.0/24") == "");
  CHECK(objection(guard, "2001:db8:1::7") == "our network");
  CHECK(objection(guard, "2001:db8::/32") == "our network");
  CHECK(objection(guard, "2001:db8:2::1") == "");
  CHECK(objection(guard, "192.168.1.1") == "it is private, local or reserved");
  CHECK(objection(guard, "64.0.0.0/6") == "it is too wide");
  CHECK(objection(guard, "co.uk") != "");
  CHECK(objection(guard, "http://www.bank.example/") == "our bank");
  CHECK(objection(guard, "http://www.bank.example/~mallory/kit") == "");
}

TEST_CASE("a warning list in the form of MISP's is taken entry by entry") {
  const auto list =
      read_warning_list(R"({"name":"n","type":"hostname","list":[".a.example","192.0.2.1",7,"no value"]})");
  REQUIRE(list);
  CHECK(list->values.size() == 2);
  CHECK(list->unused == 2);
  CHECK(read_warning_list(R"({"name":"n","type":"regex","list":["a.example"]})")->unused == 1);
  CHECK(!read_warning_list(R"({"list":[]})"));
}

TEST_CASE("each format says its values and nothing else") {
  auto some = lines({"evil.example", "192.0.2.1", "198.51.100.0/24", "2001:db8::1"});
  some.push_back({value("203.0.113.9"), Action::alert});
  std::ranges::sort(some);
  const Rendering as{"fw", 7};
  CHECK(render(Format::plain, some, as) == "192.0.2.1\n2001:db8::1\n198.51.100.0/24\nevil.example\n");
  const auto zone = render(Format::rpz, some, as);
  for (const auto* line : {"evil.example CNAME .\n",
                           "*.evil.example CNAME .\n",
                           "32.1.2.0.192.rpz-ip CNAME .\n",
                           "24.0.100.51.198.rpz-ip CNAME .\n",
                           "128.1.zz.db8.2001.rpz-ip CNAME .\n",
                           "32.9.113.0.203.rpz-ip CNAME rpz-passthru.\n"})
    CHECK_MESSAGE(zone.find(line) != zone.npos, line);
  const auto nft = render(Format::nftables, lines({"192.0.2.0/24", "192.0.2.1", "198.51.100.1"}), as);
  CHECK(nft.find("elements = { 192.0.2.0/24, 198.51.100.1 }") != nft.npos);
  const auto rules = render(Format::suricata, lines({"192.0.2.1", "evil.example"}), as);
  CHECK(rules.find("drop ip any any -> 192.0.2.1 any (msg:\"shieldwall ipv4\"; sid:") == 0);
  CHECK(rules.find("dns.query; dotprefix; content:\".evil.example\"; nocase; endswith; sid:") != rules.npos);
  const auto url = render(Format::suricata, lines({"http://e.example/a;b\"c"}), as);
  CHECK(url.find("content:\"/a|3b|b") != url.npos);
  CHECK(render(Format::zeek, lines({"http://e.example/x"}), as) ==
        "#fields\tindicator\tindicator_type\tmeta.source\ne.example/x\tIntel::URL\tshieldwall\n");
  CHECK(render(Format::suricata_dataset, lines({"evil.example"}), as) == "ZXZpbC5leGFtcGxl\n");
}

TEST_CASE("a change leads from one set to the other") {
  const auto before = lines({"192.0.2.1", "192.0.2.2"}), after = lines({"192.0.2.2", "192.0.2.3"});
  CHECK(render_change(Format::plain, before, after, {"fw"}) == "-192.0.2.1\n+192.0.2.3\n");
  CHECK(render_change(Format::nftables, before, after, {"fw"}) ==
        "delete element inet shieldwall_fw fw_v4 { 192.0.2.1 }\nadd element inet shieldwall_fw fw_v4 { "
        "192.0.2.3 }\n");
  CHECK(!render_change(Format::zeek, before, after, {"fw"}));
}

TEST_CASE("rows of feeds come back as they were") {
  Feed feed{.id = {Uuid{{1}}}, .organisation = {Uuid{{2}}}, .name = "fw", .format = Format::rpz};
  feed.demand = {.tlp_max = policy::Tlp::green, .confidence_min = 7, .kinds = {ValueKind::domain}};
  feed.trusted = {{Uuid{{3}}}};
  feed.token = sha256("t");
  const auto again = decode_feed(encode(feed));
  REQUIRE(again);
  CHECK(encode(*again) == encode(feed));
  State state{.serial = 3, .changed = now, .values = sha256("v"), .earlier = {{2, sha256("w")}}};
  state.held = State::Held{now, 4, 5};
  const auto state_again = decode_state(encode(state));
  REQUIRE(state_again);
  CHECK(encode(*state_again) == encode(state));
}
