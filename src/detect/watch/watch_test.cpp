#include "detect/watch/watch.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"
#include "detect/watch/nats_log.h"
#include "detect/watch/pattern_rows.h"
#include "detect/watch/pattern_tap.h"
#include "detect/watch/places.h"
#include "test_size.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

namespace fs = std::filesystem;

/// A folder of logs and a watch over it that can be ended and begun again.
class World {
 public:
  explicit World(std::string path = "x.log") : path_(std::move(path)) {
    char name[] = "/tmp/shieldwall-watch-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder_ = name;
    again();
  }
  ~World() { fs::remove_all(folder_); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::app | std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void rename(const std::string& from, const std::string& to) const { fs::rename(file(from), file(to)); }
  void copy_and_empty(const std::string& from, const std::string& to) const {
    fs::copy_file(file(from), file(to));
    fs::resize_file(file(from), 0);
  }

  /// As after a restart: what is not kept is forgotten.
  void again() {
    watch_.reset();
    auto watch = Watch::begin({file(path_)}, state_, sink_);
    REQUIRE_MESSAGE(watch, (watch ? "" : watch.error().message));
    watch_ = std::move(*watch);
  }

  /// The lines that were hit until nothing more came, in order: "name:line".
  std::string hits() {
    sink_.hits.clear();
    for (int turn = 0; turn < 20; ++turn) {
      const auto something = watch_->look(scanner_, matcher_, stop_);
      REQUIRE_MESSAGE(something, (something ? "" : something.error().message));
      if (!*something) return sink_.hits;
    }
    FAIL("never comes to rest");
    return {};
  }
  std::uint64_t counted() {
    std::uint64_t sum = 0;
    const auto counts = state_.counts();
    REQUIRE(counts);
    for (const auto& one : *counts) sum += one.count;
    return sum;
  }

 private:
  struct Sink final : WatchSink {
    std::string hits;
    void hit(const Hit& hit) override {
      hits +=
          fmt::format("{}{}:{}", hits.empty() ? "" : " ", fs::path(hit.source).filename().string(), hit.line);
    }
    void flush() override {}
    void problem(const std::string& path, const std::string& what) override { MESSAGE(path, ": ", what); }
  };

  static std::unique_ptr<store::Store> memory() {
    auto store = store::open_memory(
        {.clock = system_clock(), .random = system_random(), .fs = system_fs(), .stop = {}});
    REQUIRE(store);
    return std::move(*store);
  }

  std::string folder_, path_;
  WatchState state_{memory()};
  Sink sink_;
  Matcher matcher_ = compile({{.id = "a", .pattern = "[domain-name:value = 'bad.example']"}}, {.now = {}});
  Scanner scanner_{matcher_};
  std::atomic<bool> stop_{false};
  std::unique_ptr<Watch> watch_;
};

const std::string bad = "bad.example was seen\n", good = "nothing\n";

/// A log that is written, renamed, copied and emptied, and packed, as writers and logrotate do it, in steps
/// between which the watch looks, or is begun again.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed), world_(pick(2) == 0 ? "x.log" : "") {}

  void run() {
    lines();
    look();
    for (int step = 0; step < 60; ++step) {
      done_ += one_step() + " ";
      if (pick(3) == 0) look();
      if (pick(8) == 0) world_.again(), done_ += "again ";
    }
    look();
    INFO(done_);
    CHECK(world_.counted() == planted_);
    world_.again();
    look();
    CHECK(world_.counted() == planted_);
  }

 private:
  std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  void look() {
    world_.hits();
    done_ += fmt::format("look={}/{} ", world_.counted(), planted_);
  }

  std::string one_step() {
    switch (pick(6)) {
      case 0:
        return rename();
      case 1:
        return copy_and_empty();
      case 2:
        return pack();
      default:
        return lines();
    }
  }

  std::string lines() {
    std::string text;
    for (auto more = pick(pick(4) == 0 ? 900 : 60); more > 0; --more) {
      const bool is_bad = pick(4) == 0;
      text += fmt::format("{} {}", ++written_, is_bad ? bad : good);
      planted_ += is_bad;
    }
    world_.write("x.log", text);
    return fmt::format("lines<{}", written_);
  }

  /// x.log.1 becomes x.log.2 and so on, packed or not.
  void make_room() {
    for (auto number = last_; number > 0; --number)
      for (const auto* const end : {"", ".gz"})
        if (const auto name = fmt::format("x.log.{}{}", number, end); fs::exists(world_.file(name)))
          world_.rename(name, fmt::format("x.log.{}{}", number + 1, end));
    ++last_;
  }

  std::string rename() {
    if (!fs::exists(world_.file("x.log"))) return "none";
    make_room();
    world_.rename("x.log", "x.log.1");
    if (pick(2) == 0) world_.write("x.log", "");
    if (pick(2) == 0) lines();
    return "rename";
  }

  std::string copy_and_empty() {
    if (!fs::exists(world_.file("x.log"))) return "none";
    make_room();
    const auto whole = world_.read("x.log");
    const auto half = std::min(whole.size(), pick(3) * 4096);  // as programs that copy write
    world_.write("x.log.1", whole.substr(0, half));
    if (pick(3) == 0) look();
    world_.write("x.log.1", whole.substr(half));
    if (pick(2) == 0) look();
    fs::resize_file(world_.file("x.log"), 0);
    return "copy";
  }

  std::string pack() {
    const auto name = fmt::format("x.log.{}", 1 + pick(static_cast<std::size_t>(last_) + 1));
    if (!fs::exists(world_.file(name))) return "none";
    const auto packed = wire::gzip(world_.read(name));
    const auto half = pick(packed.size());
    world_.write(name + ".gz", packed.substr(0, half));
    if (pick(3) == 0) look();
    world_.write(name + ".gz", packed.substr(half));
    fs::last_write_time(world_.file(name + ".gz"), fs::last_write_time(world_.file(name)));
    if (pick(3) == 0) look();
    fs::remove(world_.file(name));
    return fmt::format("pack-{}@{}", name, half);
  }

  std::mt19937_64 random_;
  World world_;
  std::string done_;
  std::uint64_t planted_ = 0, written_ = 0;
  int last_ = 0;
};

}  // namespace

TEST_CASE("a line counts when it has its end, once, over restarts") {
  World world;
  CHECK(world.hits() == "");
  world.write("x.log", good + bad + "bad.exa");
  CHECK(world.hits() == "x.log:2");
  world.write("x.log", "mple");
  CHECK(world.hits() == "");
  world.again();
  world.write("x.log", "\n" + bad);
  CHECK(world.hits() == "x.log:3 x.log:4");
  world.again();
  CHECK(world.hits() == "");
  CHECK(world.counted() == 3);
}

TEST_CASE("a log that is renamed goes on under its new name, and the new one begins") {
  for (const bool restart : {false, true}) {
    World world;
    world.write("x.log", "one " + bad);
    CHECK(world.hits() == "x.log:1");
    world.write("x.log", "two " + bad);
    world.rename("x.log", "x.log.1");
    world.write("x.log.1", "three " + bad);
    world.write("x.log", "four " + bad);
    if (restart) world.again();
    CHECK(world.hits().size() == std::string("x.log.1:2 x.log.1:3 x.log:1").size());
    CHECK(world.counted() == 4);
  }
}

TEST_CASE("what was rotated twice between two looks is found") {
  for (const bool restart : {false, true}) {
    World world;
    world.write("x.log", "one " + bad);
    CHECK(world.hits() == "x.log:1");
    world.rename("x.log", "x.log.2");
    world.write("x.log", "two " + bad);
    world.rename("x.log", "x.log.1");
    world.write("x.log", "three " + bad);
    if (restart) world.again();
    world.hits();
    CHECK(world.counted() == 3);
  }
}

TEST_CASE("rotated logs from before the first look are left alone") {
  World world;
  world.write("x.log.1", "old " + bad);
  world.write("x.log", "one " + bad);
  CHECK(world.hits() == "x.log:1");
  CHECK(world.hits() == "");
}

TEST_CASE("a log that is copied and emptied goes on in its copy, and begins anew") {
  for (const bool restart : {false, true}) {
    World world;
    world.write("x.log", "one " + bad);
    CHECK(world.hits() == "x.log:1");
    world.write("x.log", "two " + bad);
    world.copy_and_empty("x.log", "x.log.1");
    world.write("x.log",
                "three, longer than those two lines were together, so that its size tells nothing " + bad);
    if (restart) world.again();
    world.hits();
    CHECK(world.counted() == 3);
    world.write("x.log", "four " + bad);
    CHECK(world.hits() == "x.log:2");
  }
}

TEST_CASE("a copy of a log that is still there is not read twice") {
  World world;
  world.write("x.log", "one " + bad);
  fs::copy_file(world.file("x.log"), world.file("x.log.1"));
  world.hits();
  world.write("x.log", "two " + bad);
  world.hits();
  CHECK(world.counted() == 2);
}

TEST_CASE("a log whose copy was read in its place is looked at as soon as it is written anew") {
  World world;
  world.write("x.log", "one " + good + "two " + good + "three " + bad);
  world.hits();
  world.copy_and_empty("x.log", "x.log.2");
  world.write("x.log", "four " + bad);
  fs::copy_file(world.file("x.log"), world.file("x.log.1"));
  world.hits();
  CHECK(world.counted() == 2);
  fs::resize_file(world.file("x.log"), 0);
  world.write("x.log", "five " + bad + "six " + bad);
  CHECK(world.hits() == "x.log:1 x.log:2");
}

TEST_CASE("a log that was packed goes on where it was; one that was never seen is read from its beginning") {
  const auto gzip = [](const World& world, const std::string& name) {
    world.write(name + ".gz", wire::gzip(world.read(name)));
    fs::remove(world.file(name));
  };
  for (const bool restart : {false, true}) {
    World world;
    world.write("x.log", "one " + bad);
    CHECK(world.hits() == "x.log:1");
    world.write("x.log", "two " + bad);
    world.rename("x.log", "x.log.2");
    world.write("x.log", "three " + bad);
    world.rename("x.log", "x.log.1");
    if (restart) {
      gzip(world, "x.log.2");
      gzip(world, "x.log.1");
      world.again();
    } else {
      world.hits();
      gzip(world, "x.log.2");
      gzip(world, "x.log.1");
    }
    world.hits();
    CHECK(world.counted() == 3);
    world.again();
    CHECK(world.hits() == "");
  }
}

TEST_CASE("whatever is done to a log between two looks, each of its lines counts once") {
  const auto histories = tests::test_size("watch_histories");
  for (std::int64_t seed = 1; seed <= histories; ++seed) {
    History history(static_cast<std::uint64_t>(seed));
    INFO("history ", seed);
    history.run();
  }
}

TEST_CASE("an empty log that is rotated before its first line is read is not missed, also after a restart") {
  World world;
  world.write("x.log", "");
  CHECK(world.hits() == "");
  world.rename("x.log", "x.log.1");
  world.write("x.log.1", bad);
  world.write("x.log", "");
  world.again();
  CHECK(world.hits() == "x.log.1:1");
  world.again();
  CHECK(world.hits() == "");
}

TEST_CASE("folders and patterns are followed, with what appears in them later") {
  World world("");
  world.write("a.log", "a " + bad);
  world.write("b.txt", "b " + bad);
  CHECK(world.hits() == "a.log:1 b.txt:1");
  fs::create_directory(world.file("below"));
  world.write("below/c.log", "c " + bad);
  CHECK(world.hits() == "c.log:1");
  World some("*.log");
  some.write("a.log", "a " + bad);
  some.write("b.txt", "b " + bad);
  CHECK(some.hits() == "a.log:1");
  CHECK(!Places::of({"/tmp/no-such-*/x.log"}));
}

TEST_CASE("a log with a header is read on by it after a restart") {
  World world;
  world.write("x.log", "time,note,site\n1,\"two\nlines\",good.example\n");
  CHECK(world.hits() == "");
  world.again();
  world.write("x.log", "2,x,bad.example\n3,\"bad.example\nopen");
  CHECK(world.hits() == "x.log:4");
  world.write("x.log", "\",bad.example\n");
  CHECK(world.hits() == "x.log:5");
  CHECK(world.counted() == 2);
}

TEST_CASE("which names are those of rotated logs") {
  for (const std::string name :
       {"x.log.1", "x.log.1.gz", "x.log-20240101", "x-20240101.log", "x.2024-01-01.log.zst"})
    CHECK_MESSAGE(is_rotation_of(name, "x.log"), name);
  for (const std::string name : {"x.log", "xx.log", "x.logs", "y.log.1", "x-errors.txt", "x.txt"})
    CHECK_MESSAGE(!is_rotation_of(name, "x.log"), name);
}

TEST_CASE("numbers of a stream that are done are few ranges") {
  DoneNumbers done;
  for (const std::uint64_t number : {5u, 1u, 2u, 9u, 3u, 8u, 4u, 5u}) done.add(number);
  CHECK(done.text() == "1-5,8-9");
  CHECK(done.contains(4));
  CHECK(!done.contains(6));
  CHECK(!done.contains(10));
  done.forget_below(6);
  CHECK(done.text() == "8-9");
  const auto same = DoneNumbers::parse("1-5,8-9");
  REQUIRE(same);
  CHECK(same->text() == "1-5,8-9");
  for (const std::string text : {"1", "1-", "5-1", "1-2;3-4", "x"})
    CHECK_MESSAGE(!DoneNumbers::parse(text), text);
}

TEST_CASE("the address of a stream is taken apart, and holds no secrets") {
  const auto place = read_nats_place("nats://127.0.0.1:4222/LOGS?group=soc");
  REQUIRE(place);
  CHECK(place->server == "nats://127.0.0.1:4222");
  CHECK(place->stream == "LOGS");
  CHECK(place->group == "soc");
  for (const std::string text :
       {"nats://host", "nats:///X", "nats://a:b@host/X", "nats://host/a.b", "nats://host/X?group="})
    CHECK_MESSAGE(!read_nats_place(text), text);
}

namespace {

/// A watch for patterns of several observations; each begin() is a process of its own.
class PatternWorld {
 public:
  explicit PatternWorld(const WarningLists* lists = nullptr) : lists_(lists) {
    char name[] = "/tmp/shieldwall-watch-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder_ = name;
    auto store = store::open_memory(
        {.clock = system_clock(), .random = system_random(), .fs = system_fs(), .stop = {}});
    REQUIRE(store);
    state_.emplace(std::move(*store));
  }
  ~PatternWorld() { fs::remove_all(folder_); }
  PatternWorld(const PatternWorld&) = delete;
  PatternWorld& operator=(const PatternWorld&) = delete;

  void begin(const std::vector<std::string>& patterns) {
    watch_.reset();
    tap_.emplace(sink_, *state_, lists_);
    use(patterns);
    auto watch =
        Watch::begin({folder_ + "/x.log"}, *state_, sink_, {.taps = {&*tap_}, .warning_lists = lists_});
    REQUIRE(watch);
    watch_ = std::move(*watch);
  }
  void use(const std::vector<std::string>& patterns) {
    std::vector<Indicator> indicators;
    for (const auto& pattern : patterns) {
      Indicator indicator;
      indicator.id = "id of " + pattern;
      indicator.pattern = pattern;
      indicators.push_back(std::move(indicator));
    }
    patterns_ = std::make_shared<const IndicatorPatterns>(IndicatorPatterns::of(indicators, {}));
    matcher_ = compile(std::move(indicators), {.now = {}});
    REQUIRE(tap_->use(*matcher_, patterns_));
  }
  /// The lines that complete a pattern, once those are in the log.
  std::string hits(const std::string& lines) {
    std::ofstream(folder_ + "/x.log", std::ios::app | std::ios::binary) << lines;
    sink_.hits.clear();
    Scanner scanner(*matcher_);
    const std::atomic<bool> stop{false};
    for (bool more = true; more;) {
      const auto something = watch_->look(scanner, *matcher_, stop);
      REQUIRE(something);
      more = *something;
    }
    return sink_.hits;
  }
  std::uint64_t held_back() const { return watch_->totals().held_back + tap_->held_back(); }
  std::size_t rows() {
    return state_->records().scan(store::Table::cursor, "watch/pattern/", "", 100)->size();
  }

 private:
  struct Sink final : WatchSink {
    std::string hits;
    void hit(const Hit& hit) override { hits += fmt::format("{}{}", hits.empty() ? "" : " ", hit.line); }
    void flush() override {}
    void problem(const std::string& path, const std::string& what) override { MESSAGE(path, ": ", what); }
  };

  const WarningLists* lists_;
  std::string folder_;
  std::optional<WatchState> state_;
  Sink sink_;
  std::optional<Matcher> matcher_;
  std::shared_ptr<const IndicatorPatterns> patterns_;
  std::optional<PatternTap> tap_;
  std::unique_ptr<Watch> watch_;
};

std::string asked(int second, std::string_view name) {
  return fmt::format(R"({{"ts":{},"id.orig_h":"192.0.2.1","query":"{}.example"}})"
                     "\n",
                     1'700'000'000 + second,
                     name);
}

constexpr auto first_then_second =
    "([domain-name:value LIKE 'first.%'] FOLLOWEDBY [domain-name:value LIKE 'second.%']) WITHIN 60 SECONDS";
constexpr auto twice = "[domain-name:value LIKE 'third.%'] REPEATS 2 TIMES";

}  // namespace

TEST_CASE("a pattern binds what came before a restart, once") {
  PatternWorld world;
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(1, "first") + asked(2, "third")) == "");
  CHECK(world.rows() == 2);
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(3, "second")) == "3");
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(4, "second") + asked(5, "third")) == "5");  // the first one is used up
  CHECK(world.rows() == 1);                                          // of the `second` that waits
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(6, "first")) == "");
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(67, "second")) == "");  // too late
}

TEST_CASE("a pattern binds what came before other indicators did; of those that went nothing is kept") {
  PatternWorld world;
  world.begin({first_then_second, twice});
  CHECK(world.hits(asked(1, "first") + asked(2, "third")) == "");
  world.use({"[domain-name:value LIKE 'other.%' AND domain-name:value != 'x']", first_then_second});
  CHECK(world.rows() == 1);
  CHECK(world.hits(asked(3, "second")) == "3");
  world.use({first_then_second, twice});
  CHECK(world.hits(asked(4, "third")) == "");
  CHECK(world.hits(asked(5, "third")) == "5");
}

TEST_CASE("what a warning list names is no hit of a watch, nor a pattern of that alone") {
  WarningLists lists;
  REQUIRE(lists.read(R"({"name":"known","type":"hostname","list":["listed.example","first.example"]})"));
  PatternWorld world(&lists);
  world.begin({"[domain-name:value = 'listed.example']",
               "[domain-name:value = 'plain.example']",
               "[domain-name:value = 'listed.example'] REPEATS 2 TIMES",
               "[domain-name:value = 'listed.example'] FOLLOWEDBY [domain-name:value = 'plain.example']"});
  CHECK(world.hits(asked(1, "listed") + asked(2, "listed") + asked(3, "plain")) == "3 3");
  CHECK(world.held_back() == 3);
}

TEST_CASE("a row of what a pattern waits with that was damaged is refused") {
  const PatternWait wait{
      .id = "a",
      .pattern = "[x:y = 'z']",
      .waiting = {{.when = {1, 2, 3}, .leaves = {0, 4}}, {.when = {5, 5, 1}, .leaves = {1}}}};
  const auto row = *write_of(wait).value;
  const auto read = decode_pattern_wait(row);
  REQUIRE(read);
  CHECK(*write_of(*read).value == row);
  for (std::size_t cut = 0; cut < row.size(); ++cut) CHECK(!decode_pattern_wait(row.substr(0, cut)));
  CHECK(!decode_pattern_wait(row + "x"));
  CHECK(!write_of({.id = "a", .pattern = "b", .waiting = {}}).value);
}
