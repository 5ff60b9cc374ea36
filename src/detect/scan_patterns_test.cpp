// Patterns over whole logs: the same hits whatever the threads, the parts and the order of the files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "detect/pattern/indicator_patterns.h"
#include "detect/scan.h"
#include "detect/warning_lists.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using tests::test_size;

namespace {

const std::vector<std::string> patterns = {
    "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 4444]",
    "[domain-name:value LIKE 'update-3%.example']",
    "[domain-name:value MATCHES '^[a-z]{3}7[.]example$']",
    "[network-traffic:src_ref.value ISSUBSET '198.51.100.0/30' AND network-traffic:dst_port IN (22, 23)]",
    "[domain-name:value = 'abc1.example'] AND [network-traffic:dst_port = 22]",
    "([domain-name:value = 'abc2.example'] FOLLOWEDBY [network-traffic:dst_ref.value = '192.0.2.9']) "
    "WITHIN 5 SECONDS",
    "[network-traffic:dst_port = 23] REPEATS 5 TIMES WITHIN 20 SECONDS",
    "[domain-name:value = 'abc3.example'] OR ([network-traffic:dst_port = 80] FOLLOWEDBY "
    "[domain-name:value LIKE 'update-9_.example'])",
};

std::vector<Indicator> indicators() {
  std::vector<Indicator> made;
  made.push_back({.id = "value", .pattern = "[domain-name:value = 'abc5.example']"});
  for (const auto& pattern : patterns) made.push_back({.id = pattern, .pattern = pattern});
  made.push_back({.id = "over", .pattern = "[domain-name:value LIKE 'abc6.exam%']"});
  made.back().valid_until = Timestamp{} + seconds(100);
  made.push_back({.id = "broken", .pattern = "[domain-name:value MATCHES '(']"});
  return made;
}

struct Event {
  std::int64_t time;
  std::string text;
};

/// Up to `late` seconds before `at`, as logs that are written when a connection ends are.
Event an_event(Random& random, std::int64_t at, std::uint64_t late) {
  const auto number = [&](std::uint64_t below) { return random.next() % below; };
  const auto time = std::max<std::int64_t>(0, at - static_cast<std::int64_t>(number(late + 1)));
  if (number(2) == 0) {
    const auto name = number(3) == 0 ? fmt::format("update-{}.example", number(100))
                                     : fmt::format("abc{}.example", number(10));
    return {time, fmt::format(R"({{"ts":{},"query":"{}"}})", time, name)};
  }
  static constexpr int ports[] = {22, 23, 80, 4444, 443};
  return {time,
          fmt::format(R"({{"ts":{},"id.orig_h":"198.51.100.{}","id.resp_h":"192.0.2.{}","id.resp_p":{}}})",
                      time,
                      number(20),
                      number(12),
                      ports[number(5)])};
}

/// So that a pattern forgets none of the events, however many the size asks for.
const PatternSetOptions waits_for_all{.window = days(36'500), .waiting_max = 1'000'000};

class Logs {
 public:
  Logs(std::uint64_t seed, std::size_t files, std::int64_t lines, std::uint64_t late = 7) {
    char name[] = "/tmp/shieldwall-patterns-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder_ = name;
    SeededRandom random(seed);
    for (std::size_t file = 0; file < files; ++file) {
      paths_.push_back(fmt::format("{}/{}.log", folder_, file));
      std::ofstream out(paths_.back());
      for (std::int64_t line = 0; line < lines; ++line) {
        events_.push_back(an_event(random, line / 4, late));
        places_.push_back({file, static_cast<std::uint64_t>(line + 1)});
        out << events_.back().text << '\n';
      }
    }
  }
  ~Logs() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  const std::vector<std::string>& paths() const { return paths_; }

  /// By one follower, over all events in the order of time.
  std::vector<std::string> truth(const Matcher& matcher) const {
    const auto followed = std::make_shared<const IndicatorPatterns>(
        IndicatorPatterns::of(matcher.indicators(), Timestamp{} + days(1), waits_for_all));
    PatternFollower follower(followed);
    Scanner scanner(matcher);
    std::vector<std::size_t> order(events_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return events_[i].time; });
    std::vector<std::string> hits;
    const auto parser = full_ndjson_parser();
    for (const auto i : order) {
      Record record{.line = places_[i].second, .fields = {}};
      REQUIRE(parser->parse(events_[i].text, record));
      const auto told = [&](std::size_t indicator) {
        hits.push_back(fmt::format("{}:{} {}", places_[i].first, record.line, indicator));
      };
      const auto& matches = scanner.scan(record);
      for (const auto& match : matches) told(match.indicator);
      for (const auto indicator : follower.feed(record, matches, {})) told(indicator);
    }
    std::ranges::sort(hits);
    return hits;
  }

 private:
  std::string folder_;
  std::vector<std::string> paths_;
  std::vector<Event> events_;
  std::vector<std::pair<std::size_t, std::uint64_t>> places_;
};

struct Told final : ScanSink {
  void hit(const Hit& hit) override {
    const auto name = std::filesystem::path(hit.source).stem().string();
    hits.push_back(fmt::format("{}:{} {}", name, hit.line, hit.indicator));
    if (hit.indicator > 0 && hit.value.starts_with("[")) CHECK(hit.field == "pattern");
  }
  void done(const SourceReport&) override {}
  std::vector<std::string> hits;
};

std::vector<std::string> scanned(const Matcher& matcher,
                                 const std::vector<std::string>& paths,
                                 int threads,
                                 std::uint64_t part_bytes,
                                 std::size_t ordered_max = 1'000'000) {
  const auto files = find_files(paths);
  REQUIRE(files);
  const auto wanted = std::make_shared<const IndicatorPatterns>(
      IndicatorPatterns::of(matcher, Timestamp{} + days(1), waits_for_all));
  REQUIRE(wanted->size() == patterns.size() + 1);
  REQUIRE(wanted->unused().size() == 1);
  CHECK(wanted->unused().front().id == "broken");
  Told told;
  const auto totals = scan_files(matcher,
                                 *files,
                                 {.threads = threads,
                                  .part_bytes = part_bytes,
                                  .patterns = wanted,
                                  .patterns_ordered_max = ordered_max,
                                  .now = {}},
                                 told);
  CHECK(totals.hits == told.hits.size());
  CHECK(totals.patterns_missed == 0);
  return told.hits;
}

}  // namespace

TEST_CASE("a scan holds all patterns against all events by time, whatever the threads, parts and files") {
  const auto matcher = compile(indicators(), {.now = Timestamp{} + days(1)});
  const Logs logs(7, 3, test_size("scan_pattern_lines"));
  const auto truth = logs.truth(matcher);
  std::set<std::string> seen;
  for (const auto& hit : truth) seen.insert(hit.substr(hit.find(' ') + 1));
  REQUIRE(seen.size() == patterns.size() + 2);  // each hits somewhere, but the broken one
  const auto first = scanned(matcher, logs.paths(), 1, 1u << 30);
  auto sorted = first;
  std::ranges::sort(sorted);
  CHECK(sorted == truth);
  for (const auto& [threads, part_bytes] : {std::pair{2, 4096u}, {3, 700u}, {8, 20'000u}})
    CHECK(scanned(matcher, logs.paths(), threads, part_bytes) == first);
  auto turned = logs.paths();
  std::ranges::reverse(turned);
  auto otherwise = scanned(matcher, turned, 2, 3000);
  std::ranges::sort(otherwise);
  CHECK(otherwise == truth);
}

TEST_CASE(
    "what is more than can be put in order at once is bound in turns, all of it where a log is in order") {
  const auto matcher = compile(indicators(), {.now = Timestamp{} + days(1)});
  const Logs logs(8, 1, test_size("scan_pattern_lines"), 0);
  auto hits = scanned(matcher, logs.paths(), 2, 3000, 50);
  std::ranges::sort(hits);
  CHECK(hits == logs.truth(matcher));
}

TEST_CASE("a pattern waits with its newest events, and those forgotten are counted") {
  const std::vector<Indicator> wanted = {
      {.id = "a",
       .pattern = "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']"}};
  const auto matcher = compile(wanted, {.now = {}});
  const auto patterns_of_it =
      std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(matcher, {}, {.window = days(36'500)}));
  PatternProbe probe(patterns_of_it);
  PatternBinder binder(patterns_of_it);
  const auto take = [&](std::string_view name, int second) {
    const Record record{.line = 1, .fields = {{.name = "query", .value = name}}};
    probe.test(record, {}, Timestamp{} + seconds(second));
    REQUIRE(probe.shares().size() == 1);
    return binder.take(probe.shares().front());
  };
  for (int i = 0; i < 3000; ++i) CHECK_FALSE(take("a.example", i));
  CHECK(binder.missed() == 3000 - 1024);  // what it waits with at most
  CHECK(take("b.example", 3000));
}

TEST_CASE("a pattern all of whose observables are on warning lists is counted by list and not told") {
  const std::string quiet =
      "[domain-name:value = 'abc1.example'] AND [network-traffic:dst_ref.value = '192.0.2.7']";
  const std::string single = "[domain-name:value = 'abc1.example' AND domain-name:value != 'x']";
  const std::string told_one =
      "[domain-name:value = 'abc1.example' OR domain-name:value = 'abc2.example'] AND "
      "[network-traffic:dst_port = 80]";
  const std::string described = "[domain-name:value LIKE 'abc1.ex%']";
  std::vector<Indicator> wanted;
  for (const auto& pattern : {quiet, single, told_one, described})
    wanted.push_back({.id = pattern, .pattern = pattern});
  const auto matcher = compile(std::move(wanted), {.now = {}});
  const auto path = fmt::format("/tmp/shieldwall-listed-patterns-{}.log", ::getpid());
  std::ofstream(path) << R"({"ts":1,"query":"abc1.example"})"
                         "\n"
                         R"({"ts":2,"id.resp_h":"192.0.2.7","id.resp_p":80})"
                         "\n";
  WarningLists lists;
  REQUIRE(lists.read(R"({"name":"names","type":"hostname","list":["abc1.example"]})"));
  REQUIRE(lists.read(R"({"name":"nets","type":"cidr","list":["192.0.2.0/24"]})"));
  struct Hits final : ScanSink {
    std::set<std::string> patterns;
    void hit(const Hit& hit) override { patterns.insert(hit.value); }
    void done(const SourceReport&) override {}
  };
  const auto scanned = [&](const WarningLists* held) {
    Hits hits;
    const InputFile file{.path = path, .bytes = 1};
    const auto totals = scan_files(
        matcher,
        {&file, 1},
        {.threads = 2,
         .warning_lists = held,
         .patterns = std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(matcher, Timestamp{}))},
        hits);
    CHECK(totals.held_back == (held == nullptr ? std::map<std::string, std::uint64_t>{}
                                               : std::map<std::string, std::uint64_t>{{"names", 2}}));
    return hits.patterns;
  };
  CHECK(scanned(nullptr) == std::set{quiet, single, told_one, described});
  CHECK(scanned(&lists) == std::set{told_one, described});
  std::filesystem::remove(path);
}
