#include <filesystem>
#include <fstream>
#include <set>

#include <doctest/doctest.h>
#include <unistd.h>
#include <zstd.h>

#include "base/text.h"
#include "detect/past/hunt.h"
#include "detect/past/observables.h"
#include "detect/past/recorder.h"
#include "test_size.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::past;

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day_us = 86'400'000'000;
constexpr Timestamp now{20'000 * day_us};  // 2024-10-04

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/shieldwall-past-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
    fs::create_directories(path_ + "/logs");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string log(const std::string& name) const { return path_ + "/logs/" + name; }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(log(name), std::ios::binary) << bytes;
  }
  std::string past() const { return path_ + "/past"; }

  std::vector<std::string> files(std::string_view ending) const {
    std::vector<std::string> found;
    for (const auto& one : fs::directory_iterator(past()))
      if (one.path().string().ends_with(ending)) found.push_back(one.path().string());
    std::ranges::sort(found);
    return found;
  }

 private:
  std::string path_;
};

class NoHits final : public ScanSink {
 public:
  void hit(const Hit&) override {}
  void done(const SourceReport&) override {}
};

std::vector<Indicator> indicators_of(std::span<const std::string> values) {
  std::vector<Indicator> all;
  for (const auto& value : values) {
    auto& one = all.emplace_back();
    one.id = value;
    auto canonical = value.ends_with(".exe") ? model::canonical(model::ValueKind::file_name, value)
                                             : model::canonical_guess(value);
    REQUIRE(canonical);
    one.values.push_back(std::move(*canonical));
  }
  return all;
}

Matcher matcher_of(const std::vector<std::string>& values) {
  return compile(indicators_of(values), {.now = now});
}

/// Looks through the logs with a recorder, as scan --remember does.
RecorderTotals remember(const Folder& folder, const Retention& retention = {.days = 0}) {
  ManualClock clock(now);
  auto past = PastFolder::make(system_fs(), system_random(), folder.past());
  REQUIRE(past);
  auto recorder = Recorder::begin(system_fs(), system_random(), clock, std::move(*past));
  REQUIRE(recorder);
  const std::vector<std::string> paths = {folder.log("")};
  const auto files = find_files(paths);
  REQUIRE(files);
  NoHits none;
  scan_files(matcher_of({}), *files, {.taps = recorder->get()}, none);
  const auto closed = (*recorder)->close(retention);
  if (!closed) FAIL(closed.error().message);
  return (*recorder)->totals();
}

HuntResult hunt_for(const Folder& folder, const std::vector<std::string>& values, HuntOptions options = {}) {
  const auto past = PastFolder::open(system_fs(), folder.past());
  REQUIRE(past);
  auto result = hunt(system_fs(), *past, matcher_of(values), options);
  REQUIRE(result);
  return std::move(*result);
}

/// "value log:line x count confirmed", one a hit.
std::vector<std::string> told(const HuntResult& result, const std::vector<std::string>& values) {
  std::vector<std::string> all;
  for (const auto& hit : result.hits)
    all.push_back(fmt::format("{} {}:{} x{} {}",
                              values[hit.indicator],
                              fs::path(hit.source).filename().string(),
                              hit.line,
                              hit.count,
                              hit.confirmed == true ? "confirmed" : hit.why_not));
  return all;
}

std::string dns_line(std::int64_t day, std::string_view query) {
  return fmt::format(R"({{"ts":{}.5,"id.orig_h":"10.0.0.7","query":"{}"}})"
                     "\n",
                     day * 86'400 + 60,
                     query);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a block gives back what was packed into it, and nothing else") {
  SeededRandom random(7);
  for (int round = 0; round < tests::test_size("past_blocks"); ++round) {
    std::vector<HotEntry> entries;
    const auto width = 8 + random.below(hash_bits - 7);
    const auto count = 1 + random.below(3000);
    for (std::uint64_t i = 0; i < count; ++i)
      entries.push_back({random.next() >> (64 - width), static_cast<std::uint32_t>(random.below(32))});
    std::ranges::sort(entries);
    entries.erase(std::ranges::unique(entries).begin(), entries.end());
    std::string bytes;
    const auto packed = pack_block(entries, bytes);
    REQUIRE(bytes.size() == block_bytes);
    const HotBlock block(bytes);
    REQUIRE(block.is_sound());
    CHECK(block.is_undamaged());
    CHECK(std::ranges::equal(block.all(), std::span(entries).first(packed)));
    for (std::size_t i = 0; i < packed; i += 17) {
      const auto [first, found] = block.find(entries[i].hash);
      REQUIRE(found > 0);
      CHECK(first <= i);
      CHECK(i < first + found);
      CHECK(block.day(i) == entries[i].day);
      const auto absent = entries[i].hash + 1;
      if (i + 1 < packed && entries[i + 1].hash > absent) CHECK(block.find(absent).second == 0);
    }
    bytes[static_cast<std::size_t>(random.below(block_bytes - 8)) + 8] ^= 4;
    CHECK(!HotBlock(bytes).is_undamaged());
  }
}

TEST_CASE("a checksum is XXH64") {
  CHECK(checksum("") == 0xef46db3751d8e999u);
  CHECK(checksum("abc") == 0x44bc2cf5ad770999u);
}

TEST_CASE("an indicator of today is found in the logs of last year, and confirmed in the raw line") {
  const Folder folder;
  folder.write(
      "dns.log",
      dns_line(19'700, "ok.example") + dns_line(19'700, "a.evil.example") + dns_line(19'701, "evil.example"));
  folder.write("web.log",
               R"({"ts":1702080000,"host":"bad.example:8080","uri":"/x?y=1"})"
               "\n");
  remember(folder);
  const std::vector<std::string> values = {
      "evil.example", "10.0.0.7", "http://bad.example:8080/x?y=1", "nowhere.example", "10.0.0.0/20"};
  const auto result = hunt_for(folder, values);
  CHECK(told(result, values) == Lines{"evil.example dns.log:2 x1 confirmed",
                                      "evil.example dns.log:3 x1 confirmed",
                                      "10.0.0.7 dns.log:1 x2 confirmed",
                                      "10.0.0.7 dns.log:3 x1 confirmed",
                                      "http://bad.example:8080/x?y=1 web.log:1 x1 confirmed",
                                      "10.0.0.0/20 dns.log:1 x2 confirmed",
                                      "10.0.0.0/20 dns.log:3 x1 confirmed"});
  CHECK(result.hits[0].raw.find("a.evil.example") != std::string::npos);
  CHECK(to_text(result.hits[0].first_seen) == "2023-12-09T00:01:00.000000Z");
  CHECK(hunt_for(folder, values, {.since = {19'701 * day_us}}).hits.size() == 3);
}

TEST_CASE("a log that is gone leaves its hits unconfirmed, a renamed or packed one does not") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += dns_line(19'900, fmt::format("n{}.example", i));
  folder.write("dns.log", text);
  remember(folder);
  const std::vector<std::string> values = {"n19999.example", "n5.example"};
  const Lines found = {"n19999.example dns.log:20000 x1 confirmed", "n5.example dns.log:6 x1 confirmed"};
  CHECK(told(hunt_for(folder, values), values) == found);

  fs::rename(folder.log("dns.log"), folder.log("dns.log.1"));
  folder.write("dns.log", dns_line(19'901, "other.example"));
  CHECK(told(hunt_for(folder, values), values) == found);

  folder.write("dns.log.1.gz", wire::gzip(text));
  fs::remove(folder.log("dns.log.1"));
  CHECK(told(hunt_for(folder, values), values) == found);

  std::string frames;  // as pzstd writes them: each tells its size
  for (std::size_t at = 0; at < text.size(); at += 100'000) {
    const auto part = std::string_view(text).substr(at, 100'000);
    std::string packed(ZSTD_compressBound(part.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), part.data(), part.size(), 1));
    frames += packed;
  }
  folder.write("dns.log.1.zst", frames);
  fs::remove(folder.log("dns.log.1.gz"));
  CHECK(told(hunt_for(folder, values), values) == found);

  fs::remove(folder.log("dns.log.1.zst"));
  const auto result = hunt_for(folder, values);
  REQUIRE(result.hits.size() == 2);
  CHECK(result.hits[0].confirmed == false);
  CHECK(result.hits[0].why_not == "the log is no longer there");
}

TEST_CASE("a log is remembered once, and from where it grew") {
  const Folder folder;
  folder.write("dns.log", dns_line(19'900, "a.example"));
  CHECK(remember(folder).logs == 1);
  const auto again = remember(folder);
  CHECK(again.logs == 0);
  CHECK(again.known_logs == 1);
  folder.write("dns.log", dns_line(19'900, "a.example") + dns_line(19'900, "b.example"));
  CHECK(remember(folder).lines == 1);
  const std::vector<std::string> values = {"10.0.0.7", "b.example"};
  CHECK(told(hunt_for(folder, values), values) == Lines{"10.0.0.7 dns.log:1 x1 confirmed",
                                                        "10.0.0.7 dns.log:2 x1 confirmed",
                                                        "b.example dns.log:2 x1 confirmed"});
}

TEST_CASE("a damaged segment is refused by name while the others answer") {
  const Folder folder;
  folder.write("old.log", dns_line(19'000, "evil.example"));
  folder.write("new.log", dns_line(19'900, "evil.example"));
  remember(folder);
  const auto hot = folder.files(".hot");
  REQUIRE(hot.size() == 2);
  for (const std::size_t at : {100u, 5000u}) {  // its header, its only block
    std::fstream file(hot.front(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
    file.close();
    const auto result = hunt_for(folder, {"evil.example"});
    CHECK(result.hits.size() == 1);
    REQUIRE(result.refused.size() == 1);
    CHECK(result.refused[0].find(fs::path(hot.front()).stem().string()) != std::string::npos);
  }
}

TEST_CASE("what a crash left in a journal is kept up to its torn end, and counted once") {
  const Folder folder;
  folder.write("a.log", dns_line(19'900, "a.example"));
  auto past = PastFolder::make(system_fs(), system_random(), folder.past());
  REQUIRE(past);
  {
    auto journal = Journal::begin(system_fs(), *past, system_random());
    REQUIRE(journal);
    for (const std::string_view name : {"first.example", "second.example"})
      REQUIRE(journal->append(
          {.source = {.path = std::string(name), .first_line = 1, .last_line = 1, .bytes = 10},
           .entries = {
               {.hash = past->hash(LiteralKind::domain, name), .slice = 19'900, .count = 1, .line = 1}}}));
    CHECK(hunt_for(folder, {"first.example", "second.example"}).hits.size() == 2);  // while it is written
  }
  const auto path = folder.files(".journal").front();
  fs::resize_file(path, fs::file_size(path) - 3);
  const auto totals = remember(folder);
  CHECK(totals.recovered_dropped_bytes > 0);
  CHECK(folder.files(".journal").empty());
  const std::vector<std::string> values = {"first.example", "second.example", "a.example"};
  CHECK(
      told(hunt_for(folder, values), values) ==
      Lines{"first.example first.example:1 x1 the log is no longer there", "a.example a.log:1 x1 confirmed"});
}

TEST_CASE("joined segments answer as the many did, and what is too old goes") {
  const Folder folder;
  const auto many = merged_at_once + 1;
  for (std::size_t i = 0; i < many; ++i) {
    folder.write(fmt::format("{}.log", i),
                 dns_line(19'900 + static_cast<std::int64_t>(i % 2), fmt::format("n{}.example", i)));
    if (i + 1 < many) {
      ManualClock clock(now);
      auto past = PastFolder::make(system_fs(), system_random(), folder.past());
      auto recorder = Recorder::begin(system_fs(), system_random(), clock, std::move(*past));
      REQUIRE(recorder);
      const auto log = (*recorder)->open(folder.log(fmt::format("{}.log", i)));
      const auto line = fmt::format("n{}.example", i);
      Record record{.line = 1, .fields = {{"ts", "1719360060"}, {"query", line}}};
      log->record(record, {.lines = 1, .bytes = 60});
      log->finish({.lines = 1, .bytes = 60});
      REQUIRE((*recorder)->close({.days = 0}));
    }
  }
  remember(folder);
  CHECK(folder.files(".hot").size() == 2);  // the joined and the last
  std::vector<std::string> values;
  for (std::size_t i = 0; i < many; ++i) values.push_back(fmt::format("n{}.example", i));
  CHECK(hunt_for(folder, values).hits.size() == many);
  CHECK(remember(folder, {.days = 50}).forgotten > 0);
  CHECK(hunt_for(folder, values).hits.empty());
  CHECK(folder.files(".cold").empty());
}

TEST_CASE("whatever a scanner finds in an event, the past remembers of it") {
  const std::vector<std::string> values = {"192.0.2.7",
                                           "198.51.100.0/24",
                                           "203.0.112.0/21",
                                           "2001:db8::5",
                                           "2001:db8:7::/48",
                                           "evil.example",
                                           "https://evil.example/a",
                                           "http://evil.example:81/b",
                                           "j@evil.example",
                                           "mal.exe",
                                           "0123456789abcdef0123456789abcdef"};
  const auto matcher = matcher_of(values);
  Scanner scanner(matcher);
  const Folder folder;
  const auto past = PastFolder::make(system_fs(), system_random(), folder.past());
  REQUIRE(past);
  const auto questions = questions_of(*past, matcher);

  struct Collect final : ObservableSink {
    explicit Collect(const PastFolder& f) : folder(f) {}
    void observable(LiteralKind kind, std::string_view key) override {
      hashes.insert(folder.hash(kind, key));
    }
    const PastFolder& folder;
    std::set<std::uint64_t> hashes;
  };
  static constexpr Field fields[][2] = {
      {{"a", "192.0.2.7:443"}, {}},
      {{"a", "198.51.100.200"}, {}},
      {{"a", "203.0.119.255"}, {}},
      {{"a", "[2001:DB8::5]:80"}, {}},
      {{"a", "2001:db8:7:1::1"}, {}},
      {{"a", "WWW.Evil.Example."}, {}},
      {{"a", "hxxps://evil[.]example/a"}, {}},
      {{"host", "evil.example"}, {"uri", "/a"}},
      {{"host", "evil.example:443"}, {"uri", "/a"}},
      {{"host", "evil.example:81"}, {"uri", "/b"}},
      {{"from", "J <j@evil.example>"}, {}},
      {{"image", "C:\\Temp\\MAL.exe"}, {}},
      {{"filename", "mal.exe"}, {}},
      {{"md5", "0123456789ABCDEF0123456789abcdef"}, {}},
      {{"a", "http://x.evil.example:8080/q"}, {}},
  };
  std::set<std::size_t> seen;
  for (const auto& pair : fields) {
    Record record{.line = 1, .fields = {pair[0]}};
    if (!pair[1].name.empty()) record.fields.push_back(pair[1]);
    Collect collected(*past);
    read_observables(record, FreeText::whole, collected);
    const auto& matches = scanner.scan(record);
    CHECK_MESSAGE(!matches.empty(), pair[0].value);
    for (const auto& match : matches) {
      seen.insert(match.indicator);
      CHECK_MESSAGE(std::ranges::any_of(questions.probes,
                                        [&](const Probe& probe) {
                                          return questions.all[probe.question].indicator == match.indicator &&
                                                 collected.hashes.contains(probe.hash);
                                        }),
                    pair[0].value);
    }
  }
  CHECK(seen.size() == values.size());
}

TEST_CASE("a log that is followed is remembered turn by turn, and again after a crash no line twice") {
  const Folder folder;
  const std::string head(head_of_log_bytes, 'x');
  ManualClock clock(now);
  const auto turns = [&](std::uint64_t known, std::uint64_t from, std::uint64_t to, std::string_view of) {
    auto past = PastFolder::make(system_fs(), system_random(), folder.past());
    REQUIRE(past);
    auto recorder = Recorder::begin(system_fs(), system_random(), clock, std::move(*past));
    REQUIRE(recorder);
    const auto log = (*recorder)->follow(of, known);
    for (auto line = from; line <= to; ++line) {
      log->record({.line = line, .fields = {{.name = "query", .value = "bad.example"}}});
      if (line % 2 == 0)
        REQUIRE(log->keep({.path = "/no.log", .head = std::string(of), .lines = line, .bytes = line * 10}));
    }
    // no close(): the process ends here, and what was not kept is gone
  };
  const auto counted = [&] {
    std::uint64_t count = 0;
    for (const auto& hit : hunt_for(folder, {"bad.example"}, {.confirm = false}).hits) count += hit.count;
    return count;
  };
  turns(0, 1, 5, head);
  CHECK(counted() == 4);
  turns(2, 3, 8, head);  // its position was kept behind line 2 only
  CHECK(counted() == 8);
  turns(0, 1, 2, "short");
  turns(0, 1, 2, "short");  // nothing tells whether that is the same log
  CHECK(counted() == 12);
}
