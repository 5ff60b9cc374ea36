// What only a store on disk can promise: it survives, it says what is damaged, it is one process's alone.

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>

#include <sys/wait.h>

#include "store/sqlite_schema.h"
#include "store/store_world.h"
#include "store/whole.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);

std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

Seams real_seams() {
  return {.clock = system_clock(), .random = system_random(), .fs = system_fs()};
}

/// Step `number` of a writer: puts an object; removes the one put before; or writes a record and a setting.
bool do_step(Store& store, std::uint32_t number) {
  if (number % 4 == 3) {
    Query query;
    query.ids = {indicator_id(number - 1)};
    return store.objects().remove(us, query).has_value();
  }
  if (number % 4 == 0) {
    const auto value = std::to_string(number);
    const Write write{.table = Table::job, .key = "last", .value = value, .expected = {}};
    return store.records().write({&write, 1}).has_value() && store.settings().set("last", value).has_value();
  }
  const auto item = holding(indicator(number));
  return store.objects().put({&item, 1}, Deadline::none()).has_value();
}

/// What there is after so many steps.
struct Expected {
  std::size_t removed;
  std::size_t held;
  std::uint32_t record;
};
Expected after_steps(std::uint32_t last) {
  const std::size_t rounds = last / 4;
  const std::size_t puts = rounds * 2 + std::min<std::size_t>(last % 4, 2);
  const std::size_t removed = rounds + (last % 4 == 3 ? 1 : 0);
  return {.removed = removed, .held = puts - removed, .record = last - last % 4};
}

bool is_held(std::uint32_t number, std::uint32_t last) {
  if (number > last) return false;
  return number % 4 == 1 || (number % 4 == 2 && number == last);
}

/// Does step after step and tells the pipe of each one that was acknowledged, until it is killed.
[[noreturn]] void write_until_killed(const std::string& folder,
                                     int pipe,
                                     SqliteOptions options,
                                     std::uint32_t first) {
  auto opened = open_sqlite_with(folder, real_seams(), options);
  if (!opened) ::_exit(3);
  for (auto number = first;; ++number) {
    if (!do_step(**opened, number)) ::_exit(4);
    if (::write(pipe, &number, sizeof number) != sizeof number) ::_exit(5);
    if (number % 5 == 0) static_cast<void>((*opened)->objects().tend(milliseconds(1)));
  }
}

/// Tombstones in the feed, counted on from where the last look ended.
class Tombstones {
 public:
  std::size_t count(Store& store) {
    for (;;) {
      const auto feed = store.objects().changes(us, after_, 1000);
      REQUIRE(feed);
      if (feed->last == after_) return found_;
      after_ = feed->last;
      for (const auto& change : feed->changes) found_ += change.kind == ChangeKind::deleted ? 1 : 0;
    }
  }

 private:
  Sequence after_ = 0;
  std::size_t found_ = 0;
};

std::uint32_t number_in(const std::optional<std::string>& text) {
  return text ? static_cast<std::uint32_t>(std::stoul(*text)) : 0;
}

/// Runs the writer for `us` microseconds and kills it. Gives the last number it acknowledged, 0 for none.
std::uint32_t killed_writer(const std::string& folder,
                            SqliteOptions options,
                            std::uint32_t first,
                            unsigned us_alive) {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(folder, ends[1], options, first);
  }
  ::close(ends[1]);
  ::usleep(us_alive);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::uint32_t last = 0;
  for (std::uint32_t number = 0; ::read(ends[0], &number, sizeof number) == sizeof number;) last = number;
  ::close(ends[0]);
  return last;
}

}  // namespace

TEST_CASE("a second opener is told in a sentence, and may open when the first has closed") {
  Rig rig(Kind::sqlite);
  const auto second = open_sqlite(rig.folder.path(), rig.seams());
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message.find("another process") != std::string::npos);
  rig.store = nullptr;
  CHECK(open_sqlite(rig.folder.path(), rig.seams()));
}

TEST_CASE("a database that was lost is named, and not begun anew") {
  const auto outcome = [](const auto& harm) {
    Rig rig(Kind::sqlite);
    rig.put(holding(indicator(1)));
    const auto folder = rig.folder.path();
    const auto log = bytes_of_file(folder + "/node.db-wal");
    rig.store = nullptr;
    harm(folder, log);
    const auto opened = open_sqlite(folder, real_seams());
    if (opened) return fmt::format("opened with {}", *(*opened)->objects().count(us, {}, 10));
    CHECK(opened.error().code == ErrorCode::corrupt);
    return opened.error().message;
  };
  const auto empty = [](const std::string& folder, const std::string&) {
    write_bytes(folder + "/node.db", "");
  };
  CHECK(outcome(empty).find("node.db is empty, but node.made says") != std::string::npos);
  const auto missing = [](const std::string& folder, const std::string&) {
    std::filesystem::remove(folder + "/node.db");
  };
  CHECK(outcome(missing).find("node.db is missing, but node.made says") != std::string::npos);
  const auto log_alone = [&](const std::string& folder, const std::string& log) {
    empty(folder, log);
    std::filesystem::remove(folder + "/node.made");
    write_bytes(folder + "/node.db-wal", log);
  };
  CHECK(outcome(log_alone).find("node.db is empty, but node.db-wal says") != std::string::npos);
  // As the message says: without the marker it begins anew, and an old database needs none.
  const auto anew = [&](const std::string& folder, const std::string& log) {
    empty(folder, log);
    std::filesystem::remove(folder + "/node.made");
  };
  CHECK(outcome(anew) == "opened with 0");
  CHECK(outcome([](const std::string& folder, const std::string&) {
          std::filesystem::remove(folder + "/node.made");
        }) == "opened with 1");
}

TEST_CASE("the schema goes one version back and up again, and a newer one is refused with both numbers") {
  Rig rig(Kind::sqlite);
  rig.put(holding(indicator(1)));
  CHECK(bring_schema_back(rig.folder.path(), rig.seams(), 1).error().code == ErrorCode::conflict);
  rig.store = nullptr;
  REQUIRE(bring_schema_back(rig.folder.path(), rig.seams(), 1));
  CHECK(bring_schema_back(rig.folder.path(), rig.seams(), 0).error().code == ErrorCode::invalid);
  rig.reopen();
  CHECK(rig.objects().get(us, indicator_id(1)));
  rig.store = nullptr;
  {
    const SqliteVfs vfs({.clock = rig.clock, .random = rig.random, .fs = system_fs(), .stop = {}});
    auto db = Db::open(vfs.name(), rig.folder.path() + "/node.db", Db::Mode::existing);
    REQUIRE(db);
    REQUIRE(db->execute("PRAGMA user_version = 99"));
  }
  const auto newer = open_sqlite(rig.folder.path(), rig.seams());
  REQUIRE(!newer);
  CHECK(newer.error().code == ErrorCode::corrupt);
  CHECK(newer.error().message.find("99") != std::string::npos);
  CHECK(newer.error().message.find(std::to_string(schema_version)) != std::string::npos);
}

TEST_CASE(
    "connections of a burst are kept for the next question and closed when a while passed without one") {
  Rig rig(Kind::sqlite);
  Core core(rig.seams(), {}, rig.folder.path() + "/node.db");
  const auto open_connections = [&] {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return std::ranges::count_if(descriptors, [&](const auto& entry) {
      std::error_code gone;  // the folder's own
      return std::filesystem::read_symlink(entry.path(), gone) == core.path;
    });
  };
  const auto before = open_connections();
  const auto ask_at_once = [&](std::size_t count) {
    std::vector<ReaderPool::Lease> leases;
    for (std::size_t i = 0; i < count; ++i) leases.push_back(std::move(*core.readers.take()));
  };
  ask_at_once(20);
  CHECK(open_connections() == before + 20);
  core.readers.close_unneeded();  // all were needed
  ask_at_once(12);
  CHECK(open_connections() == before + 20);
  core.readers.close_unneeded();
  CHECK(open_connections() == before + 16);  // eight of them nobody asked for: four stay all the same
  core.readers.close_unneeded();
  CHECK(open_connections() == before + 4);
  ask_at_once(1);
  CHECK(open_connections() == before + 4);
}

TEST_CASE("a check and a backup end when their deadline passes, and no half of a copy is left") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t i = 1; i <= 30; ++i) rig.put(holding(indicator(i)));
  const auto late = Deadline::in(Duration{0}, rig.clock);
  CHECK(check(*rig.store, late).error().code == ErrorCode::unavailable);
  const Folder copy;
  CHECK(back_up(*rig.store, copy.path() + "/node.db", late).error().code == ErrorCode::unavailable);
  CHECK(system_fs().list(copy.path())->empty());
  CHECK(check(*rig.store, Deadline::none())->empty());
  CHECK(back_up(*rig.store, copy.path() + "/node.db", Deadline::none()));
}

TEST_CASE("a backup taken while the store is open is a store that checks clean") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t i = 1; i <= 30; ++i) rig.put(holding(indicator(i)));
  rig.tend();
  const Folder copy;
  REQUIRE(rig.store->backup(copy.path() + "/node.db"));
  rig.put(holding(indicator(31)));
  auto restored = open_sqlite(copy.path(), rig.seams());
  REQUIRE(restored);
  CHECK((*restored)->check()->empty());
  CHECK(*(*restored)->objects().count(us, {}, 100) == 30);
}

TEST_CASE("a flipped byte anywhere in the file is detected or harmless, never a wrong answer") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t i = 1; i <= 12; ++i) rig.put(holding(indicator(i)));
  rig.tend();
  const auto path = rig.folder.path() + "/node.db";
  rig.store = nullptr;
  const auto whole = bytes_of_file(path);
  SeededRandom random(7);
  int detected = 0;
  const auto flips = tests::test_size("store_flips");
  for (std::int64_t flip = 0; flip < flips; ++flip) {
    auto damaged = whole;
    const auto at = random.below(damaged.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    CAPTURE(at);
    write_bytes(path, damaged);
    auto opened = open_sqlite_with(rig.folder.path(), rig.seams(), small_segments());
    if (!opened) {
      ++detected;
      continue;
    }
    const auto page = (*opened)->objects().find(us, {}, {}, 100, SIZE_MAX, Deadline::none());
    if (!page) {
      ++detected;
      continue;
    }
    REQUIRE(page->holdings.size() == 12);
    for (std::uint32_t i = 1; i <= 12; ++i) CHECK(*page->holdings[i - 1].bytes == *indicator(i).bytes);
    detected += (*opened)->check()->empty() ? 0 : 1;
  }
  CHECK(detected > flips / 2);
  write_bytes(path, whole);
}

TEST_CASE("killed at any moment, the store has every acknowledged change and none half") {
  const Folder folder;
  SeededRandom random(11);
  Tombstones tombstones;
  std::uint32_t last = 0;
  const auto runs = tests::test_size("store_kills");
  for (std::int64_t run = 0; run < runs; ++run) {
    const auto alive = static_cast<unsigned>(500 + random.below(79'500));
    const auto first = last > 2 ? last - 2 : 1;
    last = std::max(last, killed_writer(folder.path(), small_segments(), last + 1, alive));
    CAPTURE(last);
    auto opened = open_sqlite_with(folder.path(), real_seams(), small_segments());
    if (!opened) MESSAGE(opened.error().message);
    REQUIRE(opened);
    auto& store = **opened;
    const auto removed = tombstones.count(store);
    const auto record = store.records().read(Table::job, "last");
    const auto recorded = record ? number_in(record->value) : 0;
    const auto setting = number_in(*store.settings().get("last"));
    // One step more may have been done, or half of the last kind, and not yet told.
    const auto told = after_steps(last);
    const auto next = after_steps(last + 1);
    CHECK((removed == told.removed || removed == next.removed));
    for (auto number = first; number + 1 < last; ++number)
      CHECK(store.objects().get(us, indicator_id(number)).has_value() == is_held(number, last));
    CHECK((recorded == told.record || recorded == next.record));
    CHECK((setting == told.record || setting == next.record));
    CHECK(setting <= recorded);
    REQUIRE(do_step(store, last + 1));  // again: it changes nothing that was done
    ++last;
    for (auto number = first; number <= last; ++number)
      CHECK(store.objects().get(us, indicator_id(number)).has_value() == is_held(number, last));
    CHECK(tombstones.count(store) == after_steps(last).removed);
    if (run % 50 == 0 || run + 1 == runs)
      CHECK(*store.objects().count(us, {}, SIZE_MAX) == after_steps(last).held);
    if (run % 50 == 0 || run + 1 == runs) CHECK(store.check()->empty());
  }
}
