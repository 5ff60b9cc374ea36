#include "detect/packed/matcher_file.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "detect/pattern/indicator_patterns.h"
#include "detect/tables.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr Timestamp now{1'700'000'000'000'000};

/// A file that goes with the test.
class TestFile {
 public:
  TestFile() : path_("/tmp/shieldwall-matcher-test-" + std::to_string(::getpid())) {}
  ~TestFile() { std::filesystem::remove(path_); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  const std::string& path() const { return path_; }
  std::string bytes() const { return *read_file(system_fs(), path_, 1u << 30); }
  void write(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

 private:
  std::string path_;
};

Matcher a_matcher() {
  std::vector<Indicator> indicators = {
      {.id = "indicator--1",
       .name = "one",
       .source = "a.json",
       .pattern = "[ipv4-addr:value = '192.0.2.0/24']"},
      {.id = "indicator--2", .source = "a.json", .pattern = "[ipv6-addr:value = '2001:db8::/32']"},
      {.id = "list:3",
       .source = "list",
       .pattern = "evil.example",
       .values = {{model::ValueKind::domain, "evil.example"}},
       .confidence = 80},
      {.id = "old", .source = "list", .pattern = "[url:value = 'http://old.example/']", .valid_until = now}};
  for (int i = 0; i < 3000; ++i)
    indicators.push_back({.id = fmt::format("d{}", i),
                          .source = "many",
                          .pattern = "x",
                          .values = {{model::ValueKind::domain, fmt::format("d{}.example", i)}}});
  return compile(std::move(indicators), {.now = now});
}

/// Ids of what one value hits.
std::string hits(const Matcher& matcher, std::string_view value) {
  Scanner scanner(matcher);
  std::string ids;
  for (const auto& match : scanner.scan({.line = 1, .fields = {{"f", value}}}))
    ids += (ids.empty() ? "" : " ") + matcher.indicator(match.indicator).id;
  return ids;
}

}  // namespace

TEST_CASE("a matcher comes back from its file with all it looked for and all it knows of its indicators") {
  const TestFile file;
  const auto made = a_matcher();
  REQUIRE(write_matcher_file(made, system_fs(), file.path()));
  const auto loaded = load_matcher_file(file.path(), now);
  if (!loaded) FAIL(loaded.error().message);
  CHECK(loaded->literals() == made.literals());
  CHECK(loaded->indicator_count() == made.indicator_count());
  for (const auto value :
       {"192.0.2.7", "2001:db8::7", "a.evil.example", "http://old.example/", "d2999.example"}) {
    CHECK(hits(*loaded, value) == hits(made, value));
  }
  CHECK(hits(*loaded, "192.0.2.7") == "indicator--1");
  CHECK(hits(*loaded, "d3000.example") == "");
  const auto one = loaded->indicator(0), three = loaded->indicator(2);
  CHECK(one.name == "one");
  CHECK(one.source == "a.json");
  CHECK(one.pattern == "[ipv4-addr:value = '192.0.2.0/24']");
  CHECK(!one.confidence);
  CHECK(three.confidence == 80);
  CHECK(three.values == made.indicator(2).values);
  CHECK(loaded->indicator(3).valid_until == now);
}

TEST_CASE("patterns that say more than values come back from a file with all that decides about them") {
  static constexpr std::string_view both =
      "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 4444]";
  const auto with = [](std::string id, std::string pattern) {
    return Indicator{
        .id = std::move(id), .source = "a.json", .pattern = std::move(pattern), .confidence = 70};
  };
  std::vector<Indicator> indicators = {with("value", "[domain-name:value = 'a.example']"),
                                       with("both", std::string(both)),
                                       with("like", "[domain-name:value LIKE 'x%.example']"),
                                       with("revoked", std::string(both)),
                                       with("later", std::string(both)),
                                       with("over", std::string(both)),
                                       with("broken", "[domain-name:value ="),
                                       with("withdrawn", std::string(both))};
  indicators[3].revoked = true;
  indicators[4].valid_from = now + days(1);
  indicators[5].valid_until = now;
  const TestFile file;
  const auto made =
      changed(compile(std::move(indicators), {.now = now}),
              {.added = {with("new", "[file:name = 'x.exe' AND file:size > 7]")}, .withdrawn = {"withdrawn"}},
              now);
  REQUIRE(write_matcher_file(made, system_fs(), file.path()));
  const auto loaded = load_matcher_file(file.path(), now);
  REQUIRE(loaded);
  const auto taking = [](const Matcher& matcher, Timestamp at) {
    const auto patterns = IndicatorPatterns::of(matcher, at);
    std::string ids;
    for (const auto* const id :
         {"value", "both", "like", "revoked", "later", "over", "broken", "withdrawn", "new"})
      if (patterns.takes(id)) ids += std::string(" ") + id;
    return ids;
  };
  CHECK(taking(*loaded, now) == " both like over new");
  CHECK(taking(*loaded, now) == taking(made, now));
  CHECK(taking(*loaded, now + days(1)) == " both like later over new");
  CHECK(loaded->indicator(3).revoked);
  CHECK(loaded->indicator(1).confidence == 70);

  PatternFollower follower(std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(*loaded, now)));
  const Record record{.line = 1, .fields = {{"id.resp_h", "192.0.2.7"}, {"id.resp_p", "4444", false}}};
  const auto found = follower.feed(record, {}, now);
  REQUIRE(found.size() == 1);  // not what was over by then
  CHECK(loaded->indicator(found.front()).id == "both");
}

TEST_CASE("a matcher that holds nothing is a file like any other") {
  const TestFile file;
  REQUIRE(write_matcher_file(compile({}, {.now = now}), system_fs(), file.path()));
  const auto loaded = load_matcher_file(file.path(), now);
  REQUIRE(loaded);
  CHECK(loaded->literals() == 0);
  CHECK(hits(*loaded, "192.0.2.7") == "");
}

TEST_CASE("changes beside a loaded matcher count at once, and a file written then holds them") {
  const TestFile file;
  REQUIRE(write_matcher_file(a_matcher(), system_fs(), file.path()));
  auto matcher = *load_matcher_file(file.path(), now);
  matcher = changed(matcher,
                    {.added = {{.id = "new", .pattern = "[domain-name:value = 'new.example']"},
                               {.id = "d1", .pattern = "[domain-name:value = 'other.example']"}},
                     .withdrawn = {"indicator--1"}},
                    now);
  const auto check = [](const Matcher& of) {
    CHECK(hits(of, "new.example") == "new");
    CHECK(hits(of, "d1.example") == "");
    CHECK(hits(of, "other.example") == "d1");
    CHECK(hits(of, "192.0.2.7") == "");
    CHECK(hits(of, "d2.example") == "d2");
  };
  check(matcher);
  REQUIRE(write_matcher_file(matcher, system_fs(), file.path()));
  const auto again = load_matcher_file(file.path(), now);
  REQUIRE(again);
  check(*again);
  CHECK(again->indicator_count() == matcher.indicator_count() - 2);
  CHECK(again->changes() == 0);
}

TEST_CASE("a damaged, cut or foreign file is refused, wherever the damage is") {
  const TestFile file;
  REQUIRE(write_matcher_file(a_matcher(), system_fs(), file.path()));
  const auto good = file.bytes();
  const auto code = [&](std::string_view bytes) {
    file.write(bytes);
    const auto loaded = load_matcher_file(file.path(), now);
    return loaded ? std::optional<ErrorCode>() : loaded.error().code;
  };
  CHECK(!code(good));
  // Behind the header's last byte its page is zero and not looked at.
  constexpr std::size_t header_bytes = 504;
  std::size_t accepted = 0;
  for (std::size_t at = 12; at < good.size(); at += at < header_bytes - 1 ? 1 : 997) {
    if (at >= header_bytes && at < 4096) continue;
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    accepted += code(bad) == ErrorCode::corrupt ? 0 : 1;
  }
  CHECK(accepted == 0);
  CHECK(code(good.substr(0, good.size() - 1)) == ErrorCode::corrupt);
  CHECK(code(good.substr(0, 5000)) == ErrorCode::corrupt);
  CHECK(code(good + "x") == ErrorCode::corrupt);
  CHECK(code(good.substr(0, 4000)) == ErrorCode::invalid);
  CHECK(code("") == ErrorCode::invalid);
  for (const char version : {2, 4}) {
    auto other = good;
    other[8] = version;
    CHECK(code(other) == ErrorCode::invalid);
  }
  CHECK(load_matcher_file(file.path() + "-absent", now).error().code == ErrorCode::not_found);
}
