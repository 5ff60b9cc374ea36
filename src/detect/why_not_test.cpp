#include "detect/why_not.h"

#include <doctest/doctest.h>

#include "detect/pattern/indicator_patterns.h"
#include "detect/warning_lists.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr Timestamp now{1'700'000'000'000'000};

/// All that is said, line by line.
std::string said(const Matcher& matcher, std::string_view value) {
  std::string text;
  for (const auto& sentence : why_not(matcher, value, now)) text += sentence + "\n";
  return text;
}

bool says(const Matcher& matcher, std::string_view value, std::string_view sentence) {
  const auto text = said(matcher, value);
  const bool found = text.find(sentence) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

Indicator an_indicator(std::string id, std::string pattern) {
  return {.id = std::move(id), .source = "bundle.json", .pattern = std::move(pattern)};
}

}  // namespace

TEST_CASE("a value that hits is told with what is known of the indicator") {
  auto indicator = an_indicator("indicator--1", "[domain-name:value = 'evil.example']");
  indicator.name = "Evil";
  indicator.confidence = 80;
  indicator.valid_until = now + seconds(1);
  const auto matcher = compile({indicator}, {.now = now});
  CHECK(says(matcher, "www.EVIL[.]example", "read as domain: www.evil.example\n"));
  CHECK(says(matcher,
             "www.EVIL[.]example",
             "hits indicator--1 (Evil), from bundle.json, confidence 80, valid until 2023-11-14T22:13:21"));
}

TEST_CASE("a value that does not hit is told why, by the indicators that name it") {
  auto revoked = an_indicator("revoked", "[ipv4-addr:value = '192.0.2.1']");
  revoked.revoked = true;
  auto expired = an_indicator("expired", "[ipv4-addr:value = '192.0.2.2']");
  expired.valid_until = now;
  auto early = an_indicator("early", "[ipv4-addr:value = '192.0.2.3']");
  early.valid_from = now + seconds(1);
  const auto both =
      an_indicator("both", "[ipv4-addr:value = '192.0.2.4' AND domain-name:value = 'a.example']");
  const auto suffix = an_indicator("suffix", "[domain-name:value = 'co.uk']");
  const auto below = an_indicator("below", "[domain-name:value = 'www.evil.example']");
  const auto matcher = compile({revoked, expired, early, both, suffix, below}, {.now = now});
  CHECK(says(matcher, "192.0.2.1", "nothing in force looks for it\nrevoked is not used: revoked"));
  CHECK(says(matcher, "192.0.2.2", "expired is not used in part: expired at 2023-11-14"));
  CHECK(says(matcher, "192.0.2.3", "early is not used: valid only from"));
  CHECK(says(matcher, "192.0.2.4", "both is not used: AND inside an observation"));
  CHECK(says(matcher, "co.uk", "suffix is not used: 'co.uk' is a public suffix"));
  CHECK(says(matcher, "evil.example", "below, from bundle.json looks for something else"));
  CHECK(says(matcher, "203.0.113.9", "read as ipv4: 203.0.113.9\nnothing in force looks for it\n"));
  CHECK(says(matcher, "what is this?", "read as file_name: what is this?\n"));
  CHECK(says(matcher, " ", "no observable of a known kind"));
  const auto less = changed(compile({below}, {.now = now}), {.added = {}, .withdrawn = {"below"}}, now);
  CHECK(says(less, "www.evil.example", "was withdrawn"));
}

TEST_CASE("a value that could be several things is read as the kind that is named, and hits as that alone") {
  const auto matcher = compile({an_indicator("name", "[domain-name:value = 'setup.com']"),
                                an_indicator("file", "[file:name = 'setup.com']")},
                               {.now = now});
  const auto told = [&](model::ValueKind kind) {
    std::string text;
    for (const auto& sentence : why_not(matcher, "setup.com", now, nullptr, kind)) text += sentence + "\n";
    return text;
  };
  const auto as_domain = told(model::ValueKind::domain);
  CHECK(as_domain.find("read as domain: setup.com\nhits name") == 0);
  CHECK(as_domain.find("file") == std::string::npos);
  const auto as_file = told(model::ValueKind::file_name);
  CHECK(as_file.find("read as file_name: setup.com\nhits file") == 0);
  CHECK(as_file.find("hits name") == std::string::npos);
  CHECK(told(model::ValueKind::sha256).starts_with("'setup.com' cannot be read as sha256: "));
}

TEST_CASE("a value on a warning list is told by the list's name, and that its hits are held back") {
  WarningLists lists;
  REQUIRE(lists.read(R"({"name":"resolvers","type":"cidr","list":["192.0.2.0/24"]})"));
  const auto matcher = compile({an_indicator("a", "[ipv4-addr:value = '192.0.2.1']")}, {.now = now});
  std::string text;
  for (const auto& sentence : why_not(matcher, "192.0.2[.]1", now, &lists)) text += sentence + "\n";
  CHECK(text.find("held back: it hits a") != std::string::npos);
  CHECK(text.find("is on the warning list 'resolvers'") != std::string::npos);
  CHECK(why_not(matcher, "203.0.113.9", now, &lists).size() == why_not(matcher, "203.0.113.9", now).size());
}

TEST_CASE("patterns that take part say what they ask for, and hit where the value alone is enough") {
  const auto matcher = compile({an_indicator("both", "[ipv4-addr:value = '192.0.2.4' AND file:name = 'x']"),
                                an_indicator("like", "[domain-name:value LIKE 'update-%.example']"),
                                an_indicator("broad", "[domain-name:value LIKE '%']")},
                               {.now = now});
  const auto patterns = std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(matcher, now));
  const auto told = [&](std::string_view value, const WarningLists* lists = nullptr) {
    std::string text;
    for (const auto& sentence : why_not(matcher, value, now, lists, {}, patterns)) text += sentence + "\n";
    return text;
  };
  CHECK(told("192.0.2.4").find("both, from bundle.json asks for more than this value: [ipv4") !=
        std::string::npos);
  CHECK(told("update-3.example").find("\nhits like, from bundle.json, by its pattern\n") !=
        std::string::npos);
  CHECK(told("update-3.test").find("nothing in force looks for it") != std::string::npos);
  CHECK(told("%").find("broad is not used: its pattern would match every name under") != std::string::npos);
  WarningLists lists;
  REQUIRE(lists.read(R"({"name":"ours","type":"hostname","list":["update-3.example"]})"));
  // What is only described stays a hit.
  CHECK(told("update-3.example", &lists).find("\nhits like") != std::string::npos);
  CHECK(told("update-3.example", &lists).find("is on the warning list 'ours'") != std::string::npos);
}
